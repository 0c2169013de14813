"""Draw a figure of the family ``audit``."""

from rectified.figures import audit, page

page.make(snakemake, audit.draw)
