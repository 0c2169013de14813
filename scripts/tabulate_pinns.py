"""Make a table of the family ``pinns``."""

from reproduction.exhibits.tables import pinns, table_page

table_page.make(snakemake, pinns.rows, pinns.HEADINGS, pinns.NOTE)
