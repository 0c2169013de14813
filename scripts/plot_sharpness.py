"""Draw a figure of the family ``sharpness``."""

from reproduction.exhibits.figures import figure_page, sharpness

figure_page.make(snakemake, sharpness.draw)
