"""Draw a figure of the family ``profiles``."""

from reproduction.exhibits.figures import figure_page, profiles

figure_page.make(snakemake, profiles.draw)
