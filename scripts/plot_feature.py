"""Draw a figure of the family ``feature``."""

from reproduction.exhibits.figures import feature, figure_page

figure_page.make(snakemake, feature.draw)
