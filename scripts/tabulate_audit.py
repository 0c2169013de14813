"""Make a table of the family ``audit``."""

from reproduction.exhibits.tables import audit, table_page

table_page.make(snakemake, audit.rows, audit.HEADINGS, audit.NOTE)
