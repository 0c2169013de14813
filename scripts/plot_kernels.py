"""Draw a figure of the family ``kernels``."""

from rectified.figures import kernels, page

page.make(snakemake, kernels.draw)
