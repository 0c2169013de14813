"""Draw a figure of the family ``explosion``."""

from reproduction.exhibits.figures import explosion, figure_page

figure_page.make(snakemake, explosion.draw)
