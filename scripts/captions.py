"""Write the captions of all figures and tables."""

from rectified import captions

captions.make(snakemake)
