"""Draw a figure of the family ``pinn_fields``."""

from rectified.figures import page, pinn_fields

page.make(snakemake, pinn_fields.draw)
