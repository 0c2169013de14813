"""Make a table of the family ``energies``."""

from reproduction.exhibits.tables import energies, table_page

table_page.make(snakemake, energies.rows, energies.HEADINGS)
