"""Draw a figure of the family ``sharpness``."""

from rectified.figures import page, sharpness

page.make(snakemake, sharpness.draw)
