"""Draw a figure of the family ``explosion``."""

from rectified.figures import explosion, page

page.make(snakemake, explosion.draw)
