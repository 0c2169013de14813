"""Make a table of the family ``pinns``."""

from rectified.tables import page, pinns

page.make(snakemake, pinns.rows, pinns.HEADINGS, pinns.NOTE)
