"""Draw a figure of the family ``profiles``."""

from rectified.figures import page, profiles

page.make(snakemake, profiles.draw)
