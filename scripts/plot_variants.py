"""Draw a figure of the family ``variants``."""

from reproduction.exhibits.figures import figure_page, variants

figure_page.make(snakemake, variants.draw)
