"""Draw a figure of the family ``polynomials``."""

from rectified.figures import page, polynomials

page.make(snakemake, polynomials.draw)
