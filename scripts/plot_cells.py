"""Draw a figure of the family ``cells``."""

from reproduction.exhibits.figures import cells, figure_page

figure_page.make(snakemake, cells.draw)
