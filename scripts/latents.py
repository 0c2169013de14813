"""Compare the latents of a trained physics-informed network with those of networks with other objectives."""

import torch

from reproduction.config.job import Job
from reproduction.jobs.latents import compared_latents
from reproduction.jobs.setup.collocation import CollocationJob
from reproduction.runtime import session
from reproduction.storage import store

job, attributes = session.begin(snakemake)
blocks, origin = store.read_tensors(snakemake.input.weights[0])
diverged_at = store.read_arrays(snakemake.input.fields[0]).diverged_at.to_numpy()
trained = CollocationJob(Job.model_validate_json(origin["spec"]))
theta = trained.network.row({name: torch.from_numpy(block) for name, block in blocks.items()})
store.write_arrays(snakemake.output[0], compared_latents(trained, job.settings, theta, diverged_at), attributes)
