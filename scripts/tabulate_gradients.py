"""Make a table of the family ``gradients``."""

from rectified.tables import gradients, page

page.make(snakemake, gradients.rows, gradients.HEADINGS)
