"""Represent random polynomials by one layer of MRePU_p."""

from rectified import lemma, session, store

job, attributes = session.begin(snakemake)
store.write_arrays(snakemake.output[0], lemma.errors(job.settings), attributes)
