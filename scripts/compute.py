"""Compute the file of a rule of a task, by the function with the name of the file in the module of the task."""

from importlib import import_module
from pathlib import Path

import reproduction.runtime.start_up  # noqa: F401
from reproduction.runtime import session
from reproduction.storage import store

job, inputs, attributes = session.begin(snakemake)
name = Path(snakemake.output[0]).stem  # of the rule, which other workflows may rename
function = getattr(import_module(f"reproduction.jobs.{job.settings.task}"), name)
device = {"device": snakemake.resources.device} if hasattr(snakemake.resources, "device") else {}
store.write(snakemake.output[0], function(job, inputs, **device), attributes)
