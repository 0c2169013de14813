"""Draw a figure of the family ``kernels``."""

from reproduction.exhibits.figures import figure_page, kernels

figure_page.make(snakemake, kernels.draw)
