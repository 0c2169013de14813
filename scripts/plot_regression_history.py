"""Draw a figure of the family ``regression_history``."""

from rectified.figures import page, regression_history

page.make(snakemake, regression_history.draw)
