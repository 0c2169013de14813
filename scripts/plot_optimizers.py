"""Draw a figure of the family ``optimizers``."""

from reproduction.exhibits.figures import figure_page, optimizers

figure_page.make(snakemake, optimizers.draw)
