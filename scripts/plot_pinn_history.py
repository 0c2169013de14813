"""Draw a figure of the family ``pinn_history``."""

from reproduction.exhibits.figures import figure_page, pinn_history

figure_page.make(snakemake, pinn_history.draw)
