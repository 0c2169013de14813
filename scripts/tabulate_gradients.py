"""Make a table of the family ``gradients``."""

from reproduction.exhibits.tables import gradients, table_page

table_page.make(snakemake, gradients.rows, gradients.HEADINGS)
