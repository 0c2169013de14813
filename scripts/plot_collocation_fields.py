"""Draw a figure of the family ``collocation_fields``."""

from reproduction.exhibits.figures import collocation_fields, figure_page

figure_page.make(snakemake, collocation_fields.draw)
