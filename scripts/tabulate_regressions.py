"""Make a table of the family ``regressions``."""

from reproduction.exhibits.tables import regressions, table_page

table_page.make(snakemake, regressions.rows, regressions.HEADINGS, regressions.NOTE)
