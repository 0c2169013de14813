"""Captions, links and labels of Snakemake's HTML report, as reStructuredText.

Snakemake renders the templates in ``workflow/report`` with its config, to which the values returned here are added.
"""

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from reproduction.config.errors import ConfigError
from reproduction.rendering.typography import readable

FIGURE_SPACE = "\u2007"  # as wide as a digit, and sorted before digits by browsers


def is_made(arguments: Iterable[str]) -> bool:
    """Return whether a command line requests the HTML report."""
    return any(argument in ("--report", "--reporter") or argument.startswith("--report=") for argument in arguments)


def command(layers: Iterable[str | Path]) -> str:
    """Return the command that computes all results with the config files of this run."""
    here = f"{Path.cwd()}/"
    files = [shlex.quote(str(layer).removeprefix(here)) for layer in layers]
    return " ".join(["snakemake --cores 8 all", *(["--configfile", *files] if files else [])])


def absent(stems: Iterable[str], *suffixes: str) -> list[str]:
    """Return the stems that lack a file with one of the suffixes, in natural order."""
    lacking = [stem for stem in stems if not all(Path(f"{stem}.{suffix}").exists() for suffix in suffixes)]
    return sorted(lacking, key=_natural_order)


def missing_results(results: str, stems: Collection[str], lacking: Collection[str], command: str) -> str:
    """Return a sentence about the results that a report lacks; empty if it lacks none.

    Args:
        results: the folder of results.
        stems: all results that the report shows if they are there, as paths without suffix.
        lacking: those that are not there.
        command: computes them.

    Raises:
        ConfigError: if none is there.
    """
    if not lacking:
        return ""
    if len(lacking) == len(stems):
        raise ConfigError(f"the report needs a figure, a table or claims in {results}, which has none; run `{command}`")
    names = ", ".join(stem.removeprefix(f"{results}/") for stem in lacking)
    return f"{len(lacking)} of {len(stems)} results are missing: {names}. Run `{command}` to compute them."


def context(
    results: str, captions: Mapping[str, Mapping[str, Any]], claimed: Iterable[str], missing: str = ""
) -> dict[str, Any]:
    """Return the values for the templates: captions by exhibit, links of the pages of claims, names of the documents.

    Args:
        results: the folder of results, as in the paths of the report.
        captions: of the figures and tables in the report, by ``figures/<document>/<name>``, with the fields of
            ``captions.Caption``.
        claimed: documents with a page of claims.
        missing: a sentence about missing results.
    """
    shown = {key: _escaped_caption(captions[key]) for key in sorted(captions)}
    for caption in shown.values():
        for verdict in caption["verdicts"]:
            verdict["link"] = link(verdict["claim"], f"{results}/claims/{verdict['document']}.html")
    return {
        "captions": shown,
        "claims_pages": {document: _links(document, shown, results) for document in claimed},
        "documents": [readable(document) for document in sorted({key.split("/")[1] for key in shown})],
        "missing": escaped(missing),
    }


def _links(document: str, captions: dict[str, dict[str, Any]], results: str) -> dict[str, Any]:
    """Link the exhibits that show claims of a document, each with its verdicts, as reStructuredText."""
    lines = []
    for key in sorted(captions, key=_natural_order):
        verdicts = [verdict for verdict in captions[key]["verdicts"] if verdict["document"] == document]
        if verdicts:
            suffix = "png" if key.startswith("figures/") else "html"
            stated = ", ".join(f"{verdict['claim']} *{verdict['verdict']}*" for verdict in verdicts)
            lines.append(f"{link(key.split('/', 1)[1], f'{results}/{key}.{suffix}')}: {stated}")
    return {"document": escaped(readable(document)), "links": lines}


def _natural_order(name: str) -> str:
    """Sort key by which fig2 comes before fig10."""
    return re.sub(r"\d+", lambda match: match[0].zfill(9), name)


def _escaped_caption(caption: Mapping[str, Any]) -> dict[str, Any]:
    """Return a caption with all fields but the text, which is reStructuredText, escaped; the title also as a label."""
    verdicts = [
        {key: escaped(verdict[key]) for key in ("claim", "statement", "verdict")} | {"document": verdict["document"]}
        for verdict in caption["verdicts"]
    ]
    shown = {key: escaped(caption[key]) for key in ("title", "settings", "tier")}
    return {**shown, "text": caption["text"], "label": script_safe(caption["title"]), "verdicts": verdicts}


def escaped(text: str) -> str:
    """Escape a text for reStructuredText, as one line."""
    return re.sub(r"([^\w\s])", r"\\\1", " ".join(text.split()))


def script_safe(text: str) -> str:
    """Remove from a text the characters that could end the script element of a page."""
    return " ".join(re.sub(r"[<>]", "", text).split())


def link(text: str, path: str) -> str:
    """Return a link to a result within the report as reStructuredText; without effect if the report lacks it."""
    content = "img" if path.endswith(".png") else "html"
    view = f"navbarMode:'resultinfo',resultPath:'{path}',content:'{content}',contentPath:results['{path}'].data_uri"
    return f"`{text} <javascript:results['{path}']&&app.setView({{{view}}})>`__"


def numbered(name: str) -> str:
    """Pad the number of an exhibit, so that a browser sorts fig2 before fig10."""
    match = re.fullmatch(r"([a-z_]+?)(\d+)", name)
    return f"{match[1]}{match[2]:{FIGURE_SPACE}>2}" if match else name
