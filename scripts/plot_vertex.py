"""Draw a figure of the family ``vertex``."""

from rectified.figures import page, vertex

page.make(snakemake, vertex.draw)
