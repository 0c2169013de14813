"""Draw a figure of the family ``phases``."""

from rectified.figures import page, phases

page.make(snakemake, phases.draw)
