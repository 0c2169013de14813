"""Draw a figure of the family ``collocation_fields``."""

from rectified.figures import collocation_fields, page

page.make(snakemake, collocation_fields.draw)
