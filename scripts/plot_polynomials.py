"""Draw a figure of the family ``polynomials``."""

from reproduction.exhibits.figures import figure_page, polynomials

figure_page.make(snakemake, polynomials.draw)
