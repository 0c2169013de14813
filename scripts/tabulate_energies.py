"""Make a table of the family ``energies``."""

from rectified.tables import energies, page

page.make(snakemake, energies.rows, energies.HEADINGS)
