"""Draw a figure of the family ``pinn_fields``."""

from reproduction.exhibits.figures import figure_page, pinn_fields

figure_page.make(snakemake, pinn_fields.draw)
