"""Write the captions of all figures and tables."""

from reproduction.report import captions

captions.make(snakemake)
