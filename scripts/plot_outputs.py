"""Draw a figure of the family ``outputs``."""

from rectified.figures import outputs, page

page.make(snakemake, outputs.draw)
