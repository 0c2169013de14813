"""What the rules share: the validated config, the paths of results, and the digests of code.

Entry scripts are named through `params.script`, together with the digest of all the code they run. So a
job is rerun when that code changes in meaning, and not when a file is merely touched, checked out anew or
commented.
"""

import sys

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from rectified import digest, spec
from rectified.errors import ConfigError, nearest

try:
    CONFIG = spec.load(config)
except ConfigError as error:
    raise WorkflowError(f"config: {error}")

RESULTS = CONFIG.results
FOLDER = f"{RESULTS}/{{document}}/{{experiment}}/{{case}}"
FIGURES = {
    f"{RESULTS}/figures/{document}/{name}"
    for document in CONFIG.figures
    for name in CONFIG.figures[document]
}
TABLES = {
    f"{RESULTS}/tables/{document}/{name}"
    for document in CONFIG.tables
    for name in CONFIG.tables[document]
}
FORMATS = {"figure": ("pdf", "png", "parquet"), "table": ("csv", "tex", "parquet")}


wildcard_constraints:
    document="[a-z][a-z0-9_]*",
    experiment="[a-z][a-z0-9_]*",
    case="[a-z0-9_.-]+",


def named(known, name, kind):
    """The entry of that name, or an error that gives the nearest names."""
    if name not in known:
        raise WorkflowError(f"unknown {kind} {name!r}; {nearest(name, known)}")
    return known[name]


def refuse_unknown_targets():
    """Stop before any job when a target on the command line is a figure or table that config does not have."""
    for target in sys.argv[1:]:
        for kind, known in (("figure", FIGURES), ("table", TABLES)):
            if target.startswith(f"{RESULTS}/{kind}s/"):
                files = {
                    f"{stem}.{suffix}" for stem in known for suffix in FORMATS[kind]
                }
                if target not in files:
                    raise WorkflowError(
                        f"unknown {kind} {target!r}; {nearest(target, files)}"
                    )


def job_of(wildcards):
    """What the job at these wildcards is told, as JSON; changes exactly when the job must run again."""
    cases = named(CONFIG.cases, wildcards.experiment, "experiment")
    named(cases, wildcards.case, f"case of {wildcards.experiment}")
    return CONFIG.job(wildcards.experiment, wildcards.case).model_dump_json()


def start_weights(wildcards):
    """The weights that the job at these wildcards starts from, if it starts from any."""
    cases = named(CONFIG.cases, wildcards.experiment, "experiment")
    start = CONFIG.start_of(
        named(cases, wildcards.case, f"case of {wildcards.experiment}")
    )
    return [f"{RESULTS}/{start.folder}/weights.safetensors"] if start else []


refuse_unknown_targets()
