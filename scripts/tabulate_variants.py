"""Make a table of the family ``variants``."""

from rectified.tables import page, variants

page.make(snakemake, variants.rows, variants.HEADINGS, variants.NOTE)
