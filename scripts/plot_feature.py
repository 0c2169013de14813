"""Draw a figure of the family ``feature``."""

from rectified.figures import feature, page

page.make(snakemake, feature.draw)
