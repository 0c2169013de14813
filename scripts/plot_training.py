"""Draw a figure of the family ``training``."""

from reproduction.exhibits.figures import figure_page, training

figure_page.make(snakemake, training.draw)
