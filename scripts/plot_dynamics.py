"""Draw a figure of the family ``dynamics``."""

from rectified.figures import dynamics, page

page.make(snakemake, dynamics.draw)
