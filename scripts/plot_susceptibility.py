"""Draw a figure of the family ``susceptibility``."""

from reproduction.exhibits.figures import figure_page, susceptibility

figure_page.make(snakemake, susceptibility.draw)
