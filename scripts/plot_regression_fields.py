"""Draw a figure of the family ``regression_fields``."""

from reproduction.exhibits.figures import figure_page, regression_fields

figure_page.make(snakemake, regression_fields.draw)
