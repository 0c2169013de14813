"""Draw a figure of the family ``training``."""

from rectified.figures import training, page

page.make(snakemake, training.draw)
