"""Make a table of the family ``variants``."""

from reproduction.exhibits.tables import table_page, variants

table_page.make(snakemake, variants.rows, variants.HEADINGS, variants.NOTE)
