"""Make a table of the family ``activations``."""

from rectified.tables import activations, page

page.make(snakemake, activations.rows, activations.HEADINGS, activations.NOTE)
