"""Definitions shared by the rules: the validated config, the paths of results, and the digests of code.

Snakemake reruns a job when its entry script is newer than its results. `params.code`, the digests of the modules that
the job runs, makes it rerun when one of these modules changes.
"""

import json
import math
import sys
from functools import cache
from importlib.util import find_spec

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

sys.path.insert(0, str(PROJECT / "scripts"))

from reproduction.runtime import start_up

from rectified.errors import nearest
from reproduction.config import config as configuration
from reproduction.config import loading, problems, setting_tags, yaml_files
from reproduction.config.exhibits.claims import cases_of, to_text
from reproduction.config.errors import ConfigError
from reproduction.config.experiments import TASKS
from reproduction.exhibits.quantities import TRAINED
from reproduction.exhibits.scorecards import selection
from reproduction.rendering import typography
from reproduction.report import snakemake_report
from reproduction.runtime import checked_configs, crash_recovery, slurm_limits
from reproduction.runtime.cost_model import TABLE, Costs
from reproduction.storage import code_digest
from reproduction.storage.errors import DamagedFile

start_up.finish()

try:
    if workflow.is_main_process:
        yaml_files.check(workflow.configfiles)
    known = not workflow.is_main_process or checked_configs.is_known(config)
    CONFIG = loading.load(config, checked=known)
    if not known:
        checked_configs.remember(config)
except ConfigError as error:
    raise WorkflowError(f"config: {error}")

COSTS = Costs.read(PROJECT / TABLE)
RESULTS = CONFIG.results
FOLDER = f"{RESULTS}/{{document}}/{{experiment}}/{{case}}"
FIGURES = {f"{RESULTS}/figures/{document}/{name}" for document in CONFIG.figures for name in CONFIG.figures[document]}
TABLES = {f"{RESULTS}/tables/{document}/{name}" for document in CONFIG.tables for name in CONFIG.tables[document]}
CLAIMS = {f"{RESULTS}/claims/{document}" for document in CONFIG.claims}
SCORECARDS = [f"{RESULTS}/scorecards/{name}" for name in CONFIG.expand_activations(CONFIG.scorecards.activations)]
TASK_RULES = [rule for task in TASKS.values() for rule in task.rules]
FORMATS = {
    "figure": ("pdf", "png", "parquet"),
    "table": ("csv", "tex", "html", "parquet"),
    "claim": ("csv", "md", "html", "parquet"),
    "scorecard": ("pdf", "csv", "parquet"),
}
INCIDENTAL = {"checkpoint_seconds", "device", "memory"}  # settings that affect no result


wildcard_constraints:
    document="[a-z][a-z0-9_]*",
    experiment="[a-z][a-z0-9_]*",
    case="[a-z0-9_.-]+",
    problem="[a-z][a-z0-9_]*",
    shard="[0-9]+",
    activation="|".join(CONFIG.expand_activations([configuration.EVERY])),


def lookup(known, name, kind):
    """Return an entry by name, or raise an error with the nearest valid names."""
    if name not in known:
        raise WorkflowError(f"unknown {kind} {name!r}; {nearest(name, known)}")
    return known[name]


def reject_unknown_targets():
    """Raise an error for a figure, table or scorecard on the command line that is not in config."""
    scored = {f"{RESULTS}/scorecards/{name}" for name in CONFIG.expand_activations([configuration.EVERY])}
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


# The cases: settings, inputs, costs.


def settings_of(wildcards):
    """Return the settings of the case of the wildcards."""
    cases = lookup(CONFIG.cases, wildcards.experiment, "experiment")
    return lookup(cases, wildcards.case, f"case of {wildcards.experiment}")


def job_of(wildcards):
    """Return the job of the wildcards as JSON; a change reruns the job."""
    settings_of(wildcards)
    return CONFIG.job(wildcards.experiment, wildcards.case).model_dump_json()


def paths_in_results(files):
    """Return inputs of a rule by name, as paths in the folder of results."""
    return {name: [f"{RESULTS}/{path}" for path in paths] for name, paths in files.items()}


def inputs_of_case(wildcards):
    """Return the inputs of the case of the wildcards."""
    return paths_in_results(settings_of(wildcards).input_files(CONFIG))


def inputs_of_training(wildcards):
    """Return the inputs of the training job of the wildcards: the files of its shards, if it has several."""
    number = settings_of(wildcards).shards
    if number == 1:
        return inputs_of_case(wildcards)
    folder = f"{wildcards.document}/{wildcards.experiment}/{wildcards.case}"
    names = ("weights.safetensors", "history.parquet", "fields.nc")
    return paths_in_results({"shards": [f"{folder}/seeds{shard}.{name}" for shard in range(number) for name in names]})


def inputs_of(rule):
    """Return an input function: the file of the preceding rule of the task, or files of other cases."""

    def inputs(wildcards):
        settings = settings_of(wildcards)
        before = {earlier.name: earlier for earlier in settings.rules}.get(rule.after)
        if before:
            return {
                before.name: [f"{RESULTS}/{wildcards.document}/{wildcards.experiment}/{wildcards.case}/{before.file}"]
            }
        return paths_in_results(settings.input_files(CONFIG))

    return inputs


def files_of(case):
    """Return the files of a case that exhibits and claims read."""
    return [f"{RESULTS}/{case.folder}/{file}" for file in CONFIG.settings_of(case).result_files()]


def problem_of(wildcards):
    """Return the problem of the wildcards as JSON."""
    return lookup(CONFIG.problems, wildcards.problem, "problem").model_dump_json()


@cache
def cost(document, experiment, case, job):
    """Return the predicted cost of a job of a case, from measured jobs."""
    lookup(lookup(CONFIG.cases, experiment, "experiment"), case, f"case of {experiment}")
    return COSTS.of(f"{document}/{experiment}/{case}/{job}", CONFIG)


def minutes(job):
    """Return a resource function: three times the predicted time plus ten minutes; more on retries."""

    def request(wildcards, attempt):
        seconds = cost(wildcards.document, wildcards.experiment, wildcards.case, job).seconds
        return attempt * math.ceil(10 + 3 * seconds / 60)

    return request


def megabytes(job):
    """Return a resource function: memory from the settings and from measurements; more on retries."""

    def request(wildcards, attempt):
        settings = settings_of(wildcards)
        measured = cost(wildcards.document, wildcards.experiment, wildcards.case, job).megabytes
        needed = max(1000, 1.5 * measured, settings.memory(CONFIG.grid_of(settings)) / 1e6)
        return min(math.ceil(attempt * needed), max(math.ceil(needed), math.floor(1024 * CONFIG.memory)))

    return request


# The code that jobs run, including the modules that entry scripts import dynamically.


def model_modules(settings):
    """Return the modules of config needed to read results of these settings: those of task and problem."""
    problem = getattr(settings, "problem", None)
    equation = [f"reproduction.config.problems.{CONFIG.problems[problem].equation}"] if problem else []
    return [f"reproduction.config.tasks.{settings.task}", *equation]


def modules_of(settings):
    """Return the modules that a job of these settings imports dynamically."""
    auditors = settings.read_tasks(CONFIG) if settings.task == "audit" else []
    read = [CONFIG.settings_of(case) for case in CONFIG.read_cases(settings)]
    return sorted(
        {
            f"reproduction.jobs.{settings.task}",
            *(f"reproduction.jobs.auditors.{task}" for task in auditors),
            *(module for each in [settings, *read] for module in model_modules(each)),
        }
    )


def task_code(script):
    """Return a parameter function: the digests of the code that a job of a task runs."""
    return lambda wildcards: code_digest.code(script, *modules_of(settings_of(wildcards)))


def code_of(script):
    """Return a parameter function: the digests of the code that an entry script runs."""
    return lambda wildcards: code_digest.code(script)


def described_code(script):
    """Return a parameter function: the digests of an entry script and of all models, including descriptions."""
    return lambda wildcards: [*code_digest.code(script, *all_models()), f"descriptions {code_digest.descriptions()}"]


@cache
def all_models():
    """Return the modules of all tasks and problems in config."""
    tasks = [f"reproduction.config.tasks.{name}" for name in TASKS]
    return (*tasks, *(f"reproduction.config.problems.{name}" for name in problems.names()))


def reference_code(wildcards):
    """Return the digests of the code that computes the reference solution of the problem of the wildcards."""
    equation = lookup(CONFIG.problems, wildcards.problem, "problem").equation
    return code_digest.code("reference.py", f"reproduction.config.problems.{equation}")


def with_models_of(cases, *modules):
    """Return modules and the modules of config needed to read results of cases, sorted."""
    return sorted({*modules, *(module for case in cases for module in model_modules(CONFIG.settings_of(case)))})


def exhibit_code(kind, script):
    """Return a parameter function: the digests of the code that makes a figure or table."""

    def code(wildcards):
        entry = entry_of(kind, wildcards)
        family = f"reproduction.exhibits.{kind}.{entry.family}"
        return code_digest.code(script, *with_models_of(CONFIG.select(entry.data), family))

    return code


def claims_code(wildcards):
    """Return the digests of the code that decides the claims of the document of the wildcards."""
    cases = claimed_cases(wildcards)
    quantities = {module for case in cases for module in quantity_modules(CONFIG.settings_of(case))}
    return code_digest.code("claims.py", *with_models_of(cases, *quantities))


def quantity_modules(settings):
    """Return the modules that define quantities of a case."""
    names = [settings.task, *([TRAINED] if settings.is_trained else [])]
    return [f"reproduction.exhibits.quantities.{name}" for name in names if has_module(name)]


@cache
def has_module(name):
    """Return True if there is a module of quantities with the given name."""
    return (PROJECT / f"scripts/reproduction/exhibits/quantities/{name}.py").exists()


def scorecard_code(wildcards):
    """Return the digests of the code that makes the scorecard of the wildcards."""
    return code_digest.code("scorecard.py", *with_models_of(selection.scorecard_cases(CONFIG, wildcards.activation)))


# The exhibits: entries, files, captions.


def entry_of(kind, wildcards):
    """Return the config entry of the figure or table of the wildcards."""
    groups = {"figures": CONFIG.figures, "tables": CONFIG.tables}[kind]
    return lookup(lookup(groups, wildcards.document, "document"), wildcards.name, kind[:-1])


def entry_text(kind):
    """Return a parameter function: the config entry as JSON."""
    return lambda wildcards: entry_of(kind, wildcards).model_dump_json()


def data_of(kind):
    """Return an input function: the files that a figure or table reads."""
    return lambda wildcards: [file for case in CONFIG.select(entry_of(kind, wildcards).data) for file in files_of(case)]


def claimed_cases(wildcards):
    """Return the cases read by the claims of the document of the wildcards."""
    return CONFIG.select(cases_of(lookup(CONFIG.claims, wildcards.document, "document")))


def claimed_files(wildcards):
    """Return the files read by the claims of the document of the wildcards."""
    return [file for case in claimed_cases(wildcards) for file in files_of(case)]


def claims_text(wildcards):
    """Return the claims of the document of the wildcards as JSON."""
    return to_text(lookup(CONFIG.claims, wildcards.document, "document"))


def scored_files(wildcards):
    """Return the files read by the scorecard of the wildcards."""
    return [file for case in selection.scorecard_cases(CONFIG, wildcards.activation) for file in files_of(case)]


def scorecard_text(wildcards):
    """Return the activation of the scorecard of the wildcards and its refused cases as JSON."""
    activation = CONFIG.activation(wildcards.activation)
    refused = selection.refused_cases(CONFIG, activation.name)
    return json.dumps({"activation": activation.name, "formula": activation.formula, "refused": refused})


def caption_digests(wildcards):
    """Return the digests of the caption files of the figures and tables in config."""
    stems = [Path(stem) for stem in sorted(FIGURES | TABLES)]
    return file_digests(f"workflow/report/{stem.parent.name}/{stem.name}.rst" for stem in stems)


def introduction_digests(wildcards):
    """Return the digests of the files that introduce the documents in config."""
    return file_digests(f"workflow/report/{document}.rst" for document in sorted({*CONFIG.figures, *CONFIG.tables}))


def file_digests(names):
    """Return the existing files of the project among these, each with its digest; a change reruns the job.

    They are no inputs, because Snakemake takes braces in the path of the project for wildcards.
    """
    files = {name: PROJECT / name for name in names}
    return [f"{name} {code_digest.file(path)}" for name, path in files.items() if path.exists()]


def config_text(wildcards):
    """Return the explicit settings of the config as JSON, without those that affect no result."""
    return CONFIG.model_dump_json(exclude_unset=True, exclude=INCIDENTAL)


@cache
def origins():
    """Return the origin of each tagged setting in config.yaml and the config files on the command line."""
    return setting_tags.tags([PROJECT / "config.yaml", *(workflow.overwrite_configfiles or [])])


def overlay_names(wildcards):
    """Return the names of the config files on the command line."""
    return [Path(file).name for file in workflow.overwrite_configfiles or []]


def labels_of(kind):
    """Return a function of wildcards: the labels of a figure or table in the HTML report."""

    def labels(wildcards):
        caption = config["captions"][f"{kind}/{wildcards.document}/{wildcards.name}"]
        return {"exhibit": snakemake_report.numbered(wildcards.name), "what": caption["label"]}

    return labels


def document_of(wildcards):
    """Return the readable name of the document of the wildcards."""
    return typography.readable(wildcards.document)


def describe_report():
    """Add the captions of the HTML report to Snakemake's config for its templates.

    The report is restricted to existing results, unless it follows a run.
    """
    from reproduction.report import captions

    placed = workflow.modifier.path_modifier.replace_prefix  # adds the prefix of a module
    kinds = ((FIGURES, ["png"]), (TABLES, ["html"]), (CLAIMS, ["html", "parquet"]))
    stems = {placed(stem): stem for group, _ in kinds for stem in group}
    missing = [path for group, suffixes in kinds for path in snakemake_report.absent(map(placed, group), *suffixes)]
    if "--report-after-run" in sys.argv:
        missing = []
    command = snakemake_report.command(workflow.overwrite_configfiles)
    sentence = snakemake_report.missing_results(placed(RESULTS), stems, missing, command)
    if sentence:
        logger.warning(sentence)
    for group, _ in kinds:
        group.difference_update(stems[path] for path in missing)
    claimed = [f"{placed(stem)}.parquet" for stem in sorted(CLAIMS)]
    claims = captions.claims_of(path for path in claimed if Path(path).exists())
    written = captions.captions(CONFIG, claims, captions.FOLDER, origins())
    shown = {name: written[name]._asdict() for name in written if f"{RESULTS}/{name}" in FIGURES | TABLES}
    documents = [Path(stem).name for stem in sorted(CLAIMS)]
    config.update(snakemake_report.context(placed(RESULTS), shown, documents, sentence))


# Checks before the first job.


def reject_oversized_jobs():
    """Raise an error for a job that no node of SLURM can run, as it would stay pending."""
    submitted = [job for job in workflow.dag.needrun_jobs() if not job.is_local]
    slurm_limits.check([(job.rule.name, job.threads, job.resources) for job in submitted], slurm_limits.partitions())


def reject_missing_gpu():
    """Raise an error if config requires a GPU that this machine does not have."""
    if CONFIG.device == "cuda" and find_spec("torch"):
        from reproduction.jobs.setup import devices

        devices.select(CONFIG.device)


def schedule_when_jobs_end():
    """Remove the limit of jobs per second, which is intended for clusters.

    With this limit, Snakemake 9.27 evaluates all waiting jobs every second and again for each finished job (its pull
    request 3744), which takes a tenth of a core in the draft tier.
    """
    workflow.scheduler.job_rate_limiter = None


if not IS_MODULE:
    reject_unknown_targets()
if snakemake_report.is_made(sys.argv[1:]):
    try:
        describe_report()
    except (ConfigError, DamagedFile) as error:
        raise WorkflowError(str(error))
if workflow.is_main_process and (recovered := crash_recovery.recover(sys.argv[1:])):
    logger.warning(recovered)


onstart:
    try:
        if workflow.executor_plugin.name == "slurm":
            reject_oversized_jobs()
        elif workflow.executor_plugin.name == "local":
            reject_missing_gpu()
            schedule_when_jobs_end()
    except ConfigError as error:
        raise WorkflowError(str(error))
