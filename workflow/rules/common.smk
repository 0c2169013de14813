"""What the rules share: the validated config, the paths of results, and the digests of code.

Snakemake reruns a job when its entry script is newer than its results. It does not see the modules that the
script imports; `params.code`, the digests of their meaning, makes it see them.
"""

import json
import math
import sys
from functools import cache
from importlib.util import find_spec

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from reproduction.config import config as configuration
from reproduction.config.errors import ConfigError
from rectified.errors import nearest
from reproduction.config.claims import cases_of, to_text
from reproduction.exhibits.scorecards import selection
from reproduction.rendering import typography
from reproduction.report import snakemake_report
from reproduction.runtime import crash_recovery, slurm_limits
from reproduction.runtime.cost_model import TABLE, Costs
from reproduction.storage import code_digest

try:
    CONFIG = configuration.load(config, checked=not workflow.is_main_process)
except ConfigError as error:
    raise WorkflowError(f"config: {error}")

COSTS = Costs.read(Path(workflow.basedir) / TABLE)
RESULTS = CONFIG.results
FOLDER = f"{RESULTS}/{{document}}/{{experiment}}/{{case}}"
FIGURES = {f"{RESULTS}/figures/{document}/{name}" for document in CONFIG.figures for name in CONFIG.figures[document]}
TABLES = {f"{RESULTS}/tables/{document}/{name}" for document in CONFIG.tables for name in CONFIG.tables[document]}
CLAIMS = [f"{RESULTS}/claims/{document}" for document in CONFIG.decided_claims]
SCORECARDS = [f"{RESULTS}/scorecards/{name}" for name in CONFIG.listed(CONFIG.scorecards.activations)]
FORMATS = {
    "figure": ("pdf", "png", "parquet"),
    "table": ("csv", "tex", "html", "parquet"),
    "claim": ("csv", "md", "html", "parquet"),
    "scorecard": ("pdf", "csv", "parquet"),
}


wildcard_constraints:
    document="[a-z][a-z0-9_]*",
    experiment="[a-z][a-z0-9_]*",
    case="[a-z0-9_.-]+",
    problem="[a-z][a-z0-9_]*",
    shard="[0-9]+",
    activation="|".join(CONFIG.listed([configuration.EVERY])),


def named(known, name, kind):
    """The entry of that name, or an error that gives the nearest names."""
    if name not in known:
        raise WorkflowError(f"unknown {kind} {name!r}; {nearest(name, known)}")
    return known[name]


def refuse_unknown_targets():
    """Stop before any job when a target on the command line is a figure, table or scorecard that config has not."""
    scored = {f"{RESULTS}/scorecards/{name}" for name in CONFIG.listed([configuration.EVERY])}
    pages = {f"{stem}.{suffix}" for stem in scored for suffix in FORMATS["scorecard"]}
    for target in sys.argv[1:]:
        path, _, name = target.rpartition("/")
        if path == f"{RESULTS}/scorecards" and name not in ("scorecards.csv", "scorecards.md") and target not in pages:
            raise WorkflowError(f"unknown scorecard {target!r}; {nearest(target, pages)}")
        for kind, known in (("figure", FIGURES), ("table", TABLES)):
            if target.startswith(f"{RESULTS}/{kind}s/"):
                files = {f"{stem}.{suffix}" for stem in known for suffix in FORMATS[kind]}
                if target not in files:
                    raise WorkflowError(f"unknown {kind} {target!r}; {nearest(target, files)}")


def code_of(script):
    """A parameter function: the digests of the code that an entry script runs."""
    return lambda wildcards: code_digest.code(script)


def settings_of(wildcards):
    """The settings of the case at these wildcards."""
    cases = named(CONFIG.cases, wildcards.experiment, "experiment")
    return named(cases, wildcards.case, f"case of {wildcards.experiment}")


def job_of(wildcards):
    """What the job at these wildcards is told, as JSON; a change of it reruns the job."""
    settings_of(wildcards)
    return CONFIG.job(wildcards.experiment, wildcards.case).model_dump_json()


def start_weights(wildcards):
    """The weights that the job at these wildcards starts from, if it starts from any."""
    start = CONFIG.start_of(settings_of(wildcards))
    return [f"{RESULTS}/{start.folder}/weights.safetensors"] if start else []


def start_fields(wildcards):
    """The trained fields of the case that the job at these wildcards starts from."""
    return [path.replace("weights.safetensors", "fields.nc") for path in start_weights(wildcards)]


def audited(file):
    """An input function: that file of all cases that the audit at these wildcards looks at."""
    return lambda wildcards: [f"{RESULTS}/{case.folder}/{file}" for case in CONFIG.select(settings_of(wildcards).of)]


def training_script(wildcards):
    """The entry script that trains the case at these wildcards."""
    return f"train_{settings_of(wildcards).task}.py"


@cache
def cost(document, experiment, case, job):
    """What that job of a case costs, as far as measured jobs tell."""
    named(named(CONFIG.cases, experiment, "experiment"), case, f"case of {experiment}")
    return COSTS.of(f"{document}/{experiment}/{case}/{job}", CONFIG)


def minutes(job):
    """A resource function: time to ask for, three times what is expected and at least ten minutes; more on retries."""

    def asked(wildcards, attempt):
        seconds = cost(wildcards.document, wildcards.experiment, wildcards.case, job).seconds
        return attempt * math.ceil(10 + 3 * seconds / 60)

    return asked


def megabytes(job):
    """A resource function: memory to ask for, from the settings and from measurements; more on retries."""

    def asked(wildcards, attempt):
        settings = settings_of(wildcards)
        measured = cost(wildcards.document, wildcards.experiment, wildcards.case, job).megabytes
        wanted = max(1000, 1.5 * measured, settings.memory(CONFIG.grid_of(settings)) / 1e6)
        return min(math.ceil(attempt * wanted), max(math.ceil(wanted), math.floor(1024 * CONFIG.memory)))

    return asked


def reference_of(wildcards):
    """The reference solution that the job at these wildcards is compared with, if it is with any."""
    settings = settings_of(wildcards)
    return [f"{RESULTS}/references/{settings.problem}.nc"] if settings.task == "pinn" else []


def problem_of(wildcards):
    """The problem at these wildcards as JSON."""
    return named(CONFIG.problems, wildcards.problem, "problem").model_dump_json()


# What a figure or table reads of a case, by the task of the case.
DATA = {
    "ritz": ["history.parquet", "fields.nc"],
    "gradient_errors": ["gradient_errors.parquet"],
    "feature": ["feature.nc"],
    "landscape": ["landscape.nc"],
    "theory": ["theory.nc"],
    "lemma": ["lemma.nc"],
    "kernel_ensemble": ["kernels.nc"],
    "regression": ["history.parquet", "fields.nc"],
    "pinn": ["history.parquet", "fields.nc"],
    "collocation": ["history.parquet", "fields.nc"],
    "latents": ["latents.nc"],
    "audit": ["audit.parquet"],
}


def files_of(case):
    """The files of a case that figures and tables read."""
    settings = CONFIG.cases[case.experiment][case.case]
    if settings.task == "ensemble_training":
        return [f"shard{shard}.nc" for shard in range(settings.shards)]
    return DATA[settings.task]


def claimed_files(wildcards):
    """What the claims of the document at these wildcards are decided from."""
    cases = CONFIG.select(cases_of(named(CONFIG.decided_claims, wildcards.document, "document")))
    return [f"{RESULTS}/{case.folder}/{file}" for case in cases for file in files_of(case)]


def claims_text(wildcards):
    """The claims of the document at these wildcards as JSON."""
    return to_text(named(CONFIG.decided_claims, wildcards.document, "document"))


def scored_files(wildcards):
    """What the scorecard of the activation at these wildcards is made from."""
    cases = selection.scorecard_cases(CONFIG, wildcards.activation)
    return [f"{RESULTS}/{case.folder}/{file}" for case in cases for file in files_of(case)]


def scorecard_text(wildcards):
    """What the scorecard at these wildcards is of, and what had to be left out of it, as JSON."""
    activation = CONFIG.activation(wildcards.activation)
    refused = selection.refused_cases(CONFIG, activation.name)
    return json.dumps({"activation": activation.name, "formula": activation.formula, "refused": refused})


def entry_of(kind, wildcards):
    """The config entry of the figure or table at these wildcards."""
    groups = {"figures": CONFIG.figures, "tables": CONFIG.tables}[kind]
    return named(named(groups, wildcards.document, "document"), wildcards.name, kind[:-1])


def data_of(kind):
    """An input function: the files that a figure or table is made from."""

    def files(wildcards):
        return [
            f"{RESULTS}/{case.folder}/{file}"
            for case in CONFIG.select(entry_of(kind, wildcards).data)
            for file in files_of(case)
        ]

    return files


def entry_script(kind, prefix):
    """A parameter function: the entry script of the family that a figure or table belongs to."""
    return lambda wildcards: f"{prefix}_{entry_of(kind, wildcards).family}.py"


def entry_code(kind, prefix):
    """A parameter function: the digests of the code that draws a figure or makes a table."""
    return lambda wildcards: code_digest.code(f"{prefix}_{entry_of(kind, wildcards).family}.py")


def entry_text(kind):
    """A parameter function: the config entry as JSON."""
    return lambda wildcards: entry_of(kind, wildcards).model_dump_json()


# What no result depends on.
INCIDENTAL = {"checkpoint_seconds", "device", "memory"}


def caption_files(wildcards):
    """The captions of the figures and tables in config, of those that have one."""
    stems = [Path(stem) for stem in sorted(FIGURES | TABLES)]
    files = [f"workflow/report/{stem.parent.name}/{stem.name}.rst" for stem in stems]
    return [file for file in files if (Path(workflow.basedir) / file).exists()]


def document_captions(wildcards):
    """What is said of the documents in config, of those that have something said."""
    files = [f"workflow/report/{document}.rst" for document in sorted({*CONFIG.figures, *CONFIG.tables})]
    return [file for file in files if (Path(workflow.basedir) / file).exists()]


def config_text(wildcards):
    """A parameter function: all of config as JSON, as it was given."""
    return CONFIG.model_dump_json(exclude_unset=True, exclude=INCIDENTAL)


def overlay_names(wildcards):
    """A parameter function: names of the files on the command line that config was changed by."""
    return [Path(file).name for file in workflow.overwrite_configfiles or []]


def labels_of(kind):
    """A function of wildcards: what the lists of the HTML report say of a figure or table."""

    def labels(wildcards):
        caption = config["captions"][f"{kind}/{wildcards.document}/{wildcards.name}"]
        return {"exhibit": snakemake_report.numbered(wildcards.name), "what": caption["label"]}

    return labels


def document_of(wildcards):
    """The readable name of the document at these wildcards."""
    return typography.readable(wildcards.document)


def look_up_captions():
    """Put what the captions of the HTML report show where their templates find it: in Snakemake's own config."""
    exhibits = [stem.removeprefix(f"{RESULTS}/") for stem in FIGURES | TABLES]
    command = snakemake_report.command(workflow.overwrite_configfiles)
    config.update(snakemake_report.context(RESULTS, exhibits, CONFIG.decided_claims, command))


def refuse_what_no_node_can_run():
    """Stop before anything is submitted when SLURM could never run a job: it would wait for ever."""
    submitted = [job for job in workflow.dag.needrun_jobs() if not job.is_local]
    slurm_limits.check([(job.rule.name, job.threads, job.resources) for job in submitted], slurm_limits.partitions())


def refuse_a_gpu_that_is_not_here():
    """Stop before the first job when config wants a GPU that this machine has not, where torch is here to ask."""
    if CONFIG.device == "cuda" and find_spec("torch"):
        from reproduction.jobs.setup import devices

        devices.chosen(CONFIG.device)


def look_at_waiting_jobs_when_one_ends():
    """Take off the limit of jobs a second, which is for clusters.

    With it Snakemake 9.27 looks at all waiting jobs every second, and once more for each job that has ended (its pull
    request 3744): in the draft tier that took a tenth of a core.
    """
    workflow.scheduler.job_rate_limiter = None


refuse_unknown_targets()
if snakemake_report.is_made(sys.argv[1:]):
    try:
        look_up_captions()
    except ConfigError as error:
        raise WorkflowError(str(error))
if workflow.is_main_process and (left := crash_recovery.go_on(sys.argv[1:])):
    logger.warning(left)


onstart:
    try:
        if workflow.executor_plugin.name == "slurm":
            refuse_what_no_node_can_run()
        elif workflow.executor_plugin.name == "local":
            refuse_a_gpu_that_is_not_here()
            look_at_waiting_jobs_when_one_ends()
    except ConfigError as error:
        raise WorkflowError(str(error))
