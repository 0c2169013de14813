"""Draw a figure of the family ``landscape``."""

from rectified.figures import landscape, page

page.make(snakemake, landscape.draw)
