"""Make a table of the family ``audit``."""

from rectified.tables import audit, page

page.make(snakemake, audit.rows, audit.HEADINGS, audit.NOTE)
