"""Put the verdicts on the claims of all documents on one page."""

from rectified import claim_pages

claim_pages.make(snakemake)
