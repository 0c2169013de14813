"""Draw a figure with the module of its family in ``reproduction.exhibits.figures``."""

from reproduction.exhibits.figures import figure_page

figure_page.make(snakemake)
