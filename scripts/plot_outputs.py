"""Draw a figure of the family ``outputs``."""

from reproduction.exhibits.figures import figure_page, outputs

figure_page.make(snakemake, outputs.draw)
