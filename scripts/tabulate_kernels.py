"""Make a table of the family ``kernels``."""

from reproduction.exhibits.tables import kernels, table_page

table_page.make(snakemake, kernels.rows, kernels.HEADINGS, kernels.NOTE)
