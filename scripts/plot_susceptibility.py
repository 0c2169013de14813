"""Draw a figure of the family ``susceptibility``."""

from rectified.figures import page, susceptibility

page.make(snakemake, susceptibility.draw)
