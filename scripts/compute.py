"""Compute the file of a rule of a task, by the function with the name of the rule in the module of the task."""

from importlib import import_module

from reproduction.runtime import session
from reproduction.storage import store

job, inputs, attributes = session.begin(snakemake)
function = getattr(import_module(f"reproduction.jobs.{job.settings.task}"), snakemake.rule)
device = {"device": snakemake.resources.device} if hasattr(snakemake.resources, "device") else {}
store.write(snakemake.output[0], function(job, inputs, **device), attributes)
