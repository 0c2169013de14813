"""The report of a run as one PDF: verdicts on all claims, every figure and every table, costs, and provenance."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rectified.statistics.summaries import CONFIDENCE
from reproduction.config.config import Config
from reproduction.rendering import typst_markup
from reproduction.rendering.typography import readable
from reproduction.report import captions, pdf_claims, pdf_tables, run_facts
from reproduction.report.captions import in_order
from reproduction.runtime.session import start_log
from reproduction.storage import store

TITLE = "Activation functions in physics-informed machine learning"
ABOUT = (
    "Every figure and every table of three documents, computed anew, with a verdict on each of their claims. Verdicts "
    "are computed from all seeds of a run and never typed: a part of a claim holds if the whole interval of its "
    "median, of {confidence:.0f} % coverage or more, lies beyond the threshold, fails if it lies on the other side, "
    "and is undecided otherwise, as it is where seeds are too few for that coverage: fewer than six, or than four of "
    "each of two samples that are not paired. A claim is reproduced if all its parts hold, reproduced in part if some "
    "hold and some fail, not reproduced if all fail, and undecided otherwise. Everything here is of the {tier} tier."
)
COSTS_NOTE = (
    "As measured in this run: the last run of each job that has left a benchmark, on the machines and beside the work "
    "that it happened to run on. Jobs run side by side, so that the clock of a run shows less than the sum; time of "
    "the processor is sampled, the last half minute of a long job may be missing."
)


def make(snakemake: Any) -> None:
    """Write the report of a run."""
    start_log(snakemake.log[0])
    config, given = Config.model_validate_json(snakemake.params.config), snakemake.input
    claims = captions.claims_of(given.claims)
    written = {name: captions.Caption(**entry) for name, entry in json.loads(Path(given.captions).read_text()).items()}
    tables = {_key(file): store.read_table(file) for file in given.tables}
    pictures = {f"{_key(file)}.pdf": file for file in given.figures}
    results = config.results
    facts = {
        "tier": config.tier,
        "overlays": ", ".join(snakemake.params.overlays) or "none",
        "code": snakemake.params.project,
        "config": run_facts.config_digest(config),
        "threads of a job": str(config.threads),
        **run_facts.machine(),
    }
    data = [file for file in (Path(picture).with_suffix(".parquet") for picture in given.figures) if file.exists()]
    versions = store.versions(snakemake.params.code) | run_facts.versions(config, results, [*data, *given.tables])
    body = [
        front(config, claims, [*config.figures, *config.tables]),
        *(chapter(document, config, written, tables) for document in in_order([*config.figures, *config.tables])),
        numbers(claims),
        costs(run_facts.times(config, results)),
        provenance(facts, versions),
    ]
    source = typst_markup.document(f"{TITLE}: {config.tier} tier", f"rectified, {config.tier} tier", "".join(body))
    typst_markup.compile_pdf(snakemake.output[0], source, pictures)


def _key(file: str) -> str:
    """The key of an exhibit in captions, from the path of one of its files: ``figures/deep_ritz/fig1``."""
    path = Path(file)
    return f"{path.parent.parent.name}/{path.parent.name}/{path.stem}"


def front(config: Config, claims: pd.DataFrame, documents: Iterable[str]) -> str:
    """Title, what this is, how many claims came out how, and a row of each."""
    about = ABOUT.format(confidence=100 * CONFIDENCE, tier=config.tier)
    parts = [typst_markup.heading(1, typst_markup.text(TITLE)), f"{typst_markup.text(about)}\n\n"]
    if len(claims):
        exhibits = {f"{document}/{name}" for document in documents for name in _names(config, document)}
        parts += [typst_markup.heading(2, "Verdicts"), pdf_claims.counts(claims), typst_markup.heading(2, "Claims")]
        parts.append(pdf_claims.verdicts(claims, exhibits))
    return "".join(parts)


def _names(config: Config, document: str) -> list[str]:
    """Names of the figures and tables of a document."""
    return [*config.figures.get(document, {}), *config.tables.get(document, {})]


def chapter(
    document: str, config: Config, written: Mapping[str, captions.Caption], tables: Mapping[str, pd.DataFrame]
) -> str:
    """A document: its source in a sentence, then its figures, then its tables."""
    file = Path(captions.FOLDER, f"{document}.rst")
    title, text = captions.read(file) if file.exists() else (readable(document), "")
    parts = [
        "#pagebreak(weak: true)\n",
        typst_markup.heading(1, typst_markup.text(title)),
        f"{typst_markup.prose(text)}\n\n",
    ]
    for name in in_order(config.figures.get(document, {})):
        key = f"figures/{document}/{name}"
        parts.append(typst_markup.figure(f"{key}.pdf", described("Figure", f"{document}/{name}", written[key])))
    shown = []
    for name in in_order(config.tables.get(document, {})):
        key, entry = f"tables/{document}/{name}", config.tables[document][name]
        shown.append((tables[key], entry.family, described("Table", f"{document}/{name}", written[key])))
    return "".join([*parts, pdf_tables.typeset(shown)])


def described(kind: str, name: str, caption: captions.Caption) -> str:
    """What is said of a figure or table: label and title, text, settings, tier, and the claims that it shows."""
    title = typst_markup.heading(3, typst_markup.text(f"{kind} {name}: {caption.title}"), name)
    settings = f"#emph[Settings:] {typst_markup.text(caption.settings)} #emph[Tier:] {typst_markup.text(caption.tier)}."
    shown = [
        f"{pdf_claims.verdict(one['verdict'])}: {typst_markup.text(one['claim'])}, {typst_markup.text(one['statement'])}"
        for one in caption.verdicts
    ]
    return title + typst_markup.small("\n\n".join(filter(None, [typst_markup.prose(caption.text), settings, *shown])))


def numbers(claims: pd.DataFrame) -> str:
    """The numbers of all parts of all claims, if there are any."""
    if claims.empty:
        return ""
    title = typst_markup.heading(1, "Numbers of all claims")
    return f"#pagebreak(weak: true)\n{title}{pdf_claims.all_numbers(claims)}"


def costs(times: pd.DataFrame) -> str:
    """The time of jobs by experiment, as far as it was measured."""
    parts = ["#pagebreak(weak: true)\n", typst_markup.heading(1, "Costs")]
    if times.empty:
        return "".join([*parts, "There are no benchmarks beside the results.\n"])
    names = ["document", "experiment", "jobs", "processor", "clock", "largest memory"]
    rows = [[row.document, row.experiment, *_amounts(row)] for row in times.itertuples()]
    total = times[["jobs", "cpu", "wall"]].sum().to_dict() | {"megabytes": times.megabytes.max()}
    rows.append(["total", "", *_amounts(pd.Series(total))])
    cells = [[typst_markup.text(cell) for cell in row] for row in rows]
    return "".join([*parts, f"{COSTS_NOTE}\n\n", typst_markup.table(names, cells, ["auto"] * len(names), 8.0)])


def _amounts(row: Any) -> list[str]:
    return [f"{row.jobs:.0f}", duration(row.cpu), duration(row.wall), f"{row.megabytes:.0f} MB"]


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def provenance(facts: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """What the run was made with."""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    rows = [
        [typst_markup.text(name), typst_markup.text(value)] for name, value in {**facts, "packages": packages}.items()
    ]
    said = (
        "Digests are SHA-256: of the syntax of all modules, and of all jobs, figures, tables and claims of the config "
        "with every setting in full. Versions are those that the results themselves note."
    )
    return "".join(
        [
            typst_markup.heading(1, "Provenance"),
            f"{typst_markup.text(said)}\n\n",
            typst_markup.table(["what", "value"], rows, ["auto", "1fr"], 8.0),
        ]
    )
