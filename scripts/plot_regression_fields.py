"""Draw a figure of the family ``regression_fields``."""

from rectified.figures import page, regression_fields

page.make(snakemake, regression_fields.draw)
