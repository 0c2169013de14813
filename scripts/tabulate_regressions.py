"""Make a table of the family ``regressions``."""

from rectified.tables import page, regressions

page.make(snakemake, regressions.rows, regressions.HEADINGS, regressions.NOTE)
