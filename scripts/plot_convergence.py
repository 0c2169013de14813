"""Draw a figure of the family ``convergence``."""

from rectified.figures import convergence, page

page.make(snakemake, convergence.draw)
