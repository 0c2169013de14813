"""Write a table with the module of its family in ``reproduction.exhibits.tables``."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.exhibits.tables import table_page

table_page.make(snakemake)
