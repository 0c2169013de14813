"""Draw a figure of the family ``regression_history``."""

from reproduction.exhibits.figures import figure_page, regression_history

figure_page.make(snakemake, regression_history.draw)
