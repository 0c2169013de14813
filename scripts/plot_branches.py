"""Draw a figure of the family ``branches``."""

from rectified.figures import branches, page

page.make(snakemake, branches.draw)
