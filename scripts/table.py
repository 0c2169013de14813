"""Write a table with the module of its family in ``reproduction.exhibits.tables``."""

from reproduction.exhibits.tables import table_page

table_page.make(snakemake)
