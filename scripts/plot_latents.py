"""Draw a figure of the family ``latents``."""

from rectified.figures import latents, page

page.make(snakemake, latents.draw)
