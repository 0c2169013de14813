"""Draw a figure of the family ``cells``."""

from rectified.figures import cells, page

page.make(snakemake, cells.draw)
