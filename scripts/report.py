"""Write the report of a run."""

from rectified import report

report.make(snakemake)
