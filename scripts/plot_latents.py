"""Draw a figure of the family ``latents``."""

from reproduction.exhibits.figures import figure_page, latents

figure_page.make(snakemake, latents.draw)
