"""Draw a figure of the family ``optimizers``."""

from rectified.figures import optimizers, page

page.make(snakemake, optimizers.draw)
