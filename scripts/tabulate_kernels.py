"""Make a table of the family ``kernels``."""

from rectified.tables import kernels, page

page.make(snakemake, kernels.rows, kernels.HEADINGS, kernels.NOTE)
