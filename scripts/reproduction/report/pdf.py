"""PDF report of a run: verdicts on all claims, all figures and tables, costs, provenance."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rectified.statistics.summaries import CONFIDENCE
from reproduction.config.config import Config
from reproduction.rendering import typst_markup
from reproduction.rendering.typography import readable
from reproduction.report import captions, pdf_claims, pdf_summary, pdf_tables, run_facts
from reproduction.report.captions import in_order
from reproduction.runtime.session import start_log
from reproduction.storage import store

TITLE = "Activation functions in physics-informed machine learning"
INTRODUCTION = (
    "All figures and tables of three documents, recomputed, with a verdict on each of their claims. Verdicts are "
    "computed from all seeds of a run, never entered by hand. A part of a claim holds if the whole interval of its "
    "median, of at least {confidence:.0f} % coverage, lies beyond the threshold, fails if it lies on the other side, "
    "and is undecided otherwise; this includes too few seeds for that coverage: fewer than six, or fewer than four in "
    "each of two unpaired samples. A claim is reproduced if all its parts hold, reproduced in part if some hold and "
    "some fail, not reproduced if some fail and none holds, and undecided otherwise. All results are of the {tier} "
    "tier."
)
COSTS_NOTE = (
    "Measured in this run, for the last execution of each job with a benchmark, on whatever machine and under whatever "
    "other load. Jobs run in parallel, so that the elapsed time of a run is less than the sum; processor time is "
    "sampled, so that up to the last 30 s of a long job may be missing."
)


def make(snakemake: Any) -> None:
    """Write the report of a run as PDF."""
    start_log(snakemake.log[0])
    config, inputs = Config.model_validate_json(snakemake.params.config), snakemake.input
    claims = captions.claims_of(inputs.claims)
    written = {
        name: captions.Caption(**entry)
        for name, entry in json.loads(Path(inputs.captions).read_text(encoding="utf-8")).items()
    }
    tables = {_key(file): store.read_table(file) for file in inputs.tables}
    pictures = {f"{_key(file)}.pdf": file for file in inputs.figures}
    results = config.results
    facts = {
        "tier": config.tier,
        "overlays": ", ".join(snakemake.params.overlays) or "none",
        "code": snakemake.params.project,
        "config": run_facts.config_digest(config),
        "threads of a job": str(config.threads),
        **run_facts.machine(),
    }
    data = [file for file in (Path(picture).with_suffix(".parquet") for picture in inputs.figures) if file.exists()]
    versions = store.versions(snakemake.params.code) | run_facts.recorded_versions(
        config, results, [*data, *inputs.tables]
    )
    times = run_facts.times(config, results)
    body = [
        front(config, claims, times),
        *(chapter(document, config, written, tables) for document in in_order([*config.figures, *config.tables])),
        numbers_chapter(claims),
        costs_chapter(times),
        provenance_chapter(facts, versions),
    ]
    source = typst_markup.document(f"{TITLE}: {config.tier} tier", f"rectified, {config.tier} tier", "".join(body))
    typst_markup.compile_pdf(snakemake.output[0], source, pictures)


def _key(file: str) -> str:
    """Return the key of an exhibit in the captions, ``figures/deep_ritz/fig1``, from the path of one of its files."""
    path = Path(file)
    return f"{path.parent.parent.name}/{path.parent.name}/{path.stem}"


def front(config: Config, claims: pd.DataFrame, times: pd.DataFrame) -> str:
    """Return the title and the summary, on the first page, then the introduction and one row per claim."""
    documents = [*config.figures, *config.tables]
    introduction = INTRODUCTION.format(confidence=100 * CONFIDENCE, tier=config.tier)
    cost = duration(times.cpu.sum())
    parts = [typst_markup.heading(1, typst_markup.text(TITLE)), pdf_summary.summary(config, claims, times, cost)]
    parts += ["#pagebreak(weak: true)\n", typst_markup.heading(1, "Verdicts"), f"{typst_markup.text(introduction)}\n\n"]
    if len(claims):
        exhibits = {f"{document}/{name}" for document in documents for name in _names(config, document)}
        parts.append(pdf_claims.verdict_table(claims, exhibits))
    return "".join(parts)


def _names(config: Config, document: str) -> list[str]:
    """List the names of the figures and tables of a document."""
    return [*config.figures.get(document, {}), *config.tables.get(document, {})]


def chapter(
    document: str, config: Config, written: Mapping[str, captions.Caption], tables: Mapping[str, pd.DataFrame]
) -> str:
    """Return the chapter of a document: its source, its figures, its tables."""
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
    """Return the caption of a figure or table: label, title, text, settings, tier, and verdicts on its claims."""
    title = typst_markup.heading(3, typst_markup.text(f"{kind} {name}: {caption.title}"), name)
    settings = f"#emph[Settings:] {typst_markup.text(caption.settings)} #emph[Tier:] {typst_markup.text(caption.tier)}."
    shown = [
        f"{pdf_claims.styled_verdict(each['verdict'])}: {typst_markup.text(each['claim'])}, "
        + typst_markup.text(each["statement"])
        for each in caption.verdicts
    ]
    return title + typst_markup.small("\n\n".join(filter(None, [typst_markup.prose(caption.text), settings, *shown])))


def numbers_chapter(claims: pd.DataFrame) -> str:
    """Return the chapter of the numbers of all parts of all claims; empty if there are no claims."""
    if claims.empty:
        return ""
    title = typst_markup.heading(1, "Numbers of all claims")
    return f"#pagebreak(weak: true)\n{title}{pdf_claims.all_numbers(claims)}"


def costs_chapter(times: pd.DataFrame) -> str:
    """Return the chapter of measured job times by experiment."""
    parts = ["#pagebreak(weak: true)\n", typst_markup.heading(1, "Costs")]
    if times.empty:
        return "".join([*parts, "No benchmarks were recorded.\n"])
    names = ["document", "experiment", "jobs", "processor time", "elapsed time", "peak memory"]
    rows = [[row.document, row.experiment, *_amounts(row)] for row in times.itertuples()]
    total = times[["jobs", "cpu", "wall"]].sum().to_dict() | {"megabytes": times.megabytes.max()}
    rows.append(["total", "", *_amounts(pd.Series(total))])
    cells = [[typst_markup.text(cell) for cell in row] for row in rows]
    return "".join([*parts, f"{COSTS_NOTE}\n\n", typst_markup.table(names, cells, ["auto"] * len(names), 8.0)])


def _amounts(row: Any) -> list[str]:
    return [f"{row.jobs:.0f}", duration(row.cpu), duration(row.wall), f"{row.megabytes:.0f} MB"]


def duration(seconds: float) -> str:
    """Format a time in seconds, minutes or hours."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def provenance_chapter(facts: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """Return the chapter of tier, code, config, machine and package versions."""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    rows = [
        [typst_markup.text(name), typst_markup.text(value)] for name, value in {**facts, "packages": packages}.items()
    ]
    note = (
        "Digests are SHA-256: of the syntax of all modules, and of the resolved jobs, figures, tables and claims of "
        "the config. Versions are those recorded in the results."
    )
    return "".join(
        [
            typst_markup.heading(1, "Provenance"),
            f"{typst_markup.text(note)}\n\n",
            typst_markup.table(["item", "value"], rows, ["auto", "1fr"], 8.0),
        ]
    )
