"""Make a table of the family ``activations``."""

from reproduction.exhibits.tables import activations, table_page

table_page.make(snakemake, activations.rows, activations.HEADINGS, activations.NOTE)
