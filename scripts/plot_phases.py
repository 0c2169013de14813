"""Draw a figure of the family ``phases``."""

from reproduction.exhibits.figures import figure_page, phases

figure_page.make(snakemake, phases.draw)
