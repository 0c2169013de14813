"""Draw a figure of the family ``pinn_history``."""

from rectified.figures import page, pinn_history

page.make(snakemake, pinn_history.draw)
