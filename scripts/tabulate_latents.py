"""Make a table of the family ``latents``."""

from reproduction.exhibits.tables import latents, table_page

table_page.make(snakemake, latents.rows, latents.HEADINGS, latents.NOTE)
