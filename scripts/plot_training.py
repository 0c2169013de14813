"""Draw a figure of the family ``training``."""

from rectified.figures import page, training

page.make(snakemake, training.draw)
