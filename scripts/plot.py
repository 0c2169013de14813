"""Draw a figure with the module of its family in ``reproduction.exhibits.figures``."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.exhibits.figures import figure_page

figure_page.make(snakemake)
