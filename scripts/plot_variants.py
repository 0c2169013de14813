"""Draw a figure of the family ``variants``."""

from rectified.figures import page, variants

page.make(snakemake, variants.draw)
