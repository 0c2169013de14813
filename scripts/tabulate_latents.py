"""Make a table of the family ``latents``."""

from rectified.tables import latents, page

page.make(snakemake, latents.rows, latents.HEADINGS, latents.NOTE)
