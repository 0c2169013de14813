"""Captions, links and labels of Snakemake's HTML report, as reStructuredText.

Snakemake renders the templates in ``workflow/report`` with its config, to which the values returned here are added.
"""

import json
import re
import shlex
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from reproduction.config.errors import ConfigError
from reproduction.rendering.typography import readable

FIGURE_SPACE = "\u2007"  # as wide as a digit, and sorted before digits by browsers


def is_made(arguments: Iterable[str]) -> bool:
    """Return whether a command line requests the HTML report."""
    return any(argument == "--report" or argument.startswith("--report=") for argument in arguments)


def command(layers: Iterable[str | Path]) -> str:
    """Return the command that makes the captions with the config files of this run."""
    here = f"{Path.cwd()}/"
    files = [shlex.quote(str(layer).removeprefix(here)) for layer in layers]
    return " ".join(["snakemake --cores 8 captions", *(["--configfile", *files] if files else [])])


def context(results: str, exhibits: Collection[str], claimed: Iterable[str], command: str) -> dict[str, Any]:
    """Return the values for the templates: captions by exhibit, links of the pages of claims, names of the documents.

    Args:
        results: the folder of results, as in the paths of the report.
        exhibits: all figures and tables, as ``figures/<document>/<name>``.
        claimed: documents with a page of claims.
        command: makes the captions; shown in errors.

    Raises:
        ConfigError: as ``read_captions``.
    """
    captions = read_captions(Path(results, "captions.json"), exhibits, command)
    for caption in captions.values():
        for verdict in caption["verdicts"]:
            verdict["link"] = link(verdict["claim"], f"{results}/claims/{verdict['document']}.html")
    return {
        "captions": captions,
        "claims_pages": {document: _links(document, captions, results) for document in claimed},
        "documents": [readable(document) for document in sorted({key.split("/")[1] for key in captions})],
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


def read_captions(path: Path, exhibits: Collection[str], command: str) -> dict[str, dict[str, Any]]:
    """Read the captions of all exhibits, by ``figures/<document>/<name>``, with plain text escaped for templates.

    Args:
        path: of captions.json.
        exhibits, command: as in ``context``.

    Raises:
        ConfigError: if the file is missing, is not JSON, or lacks an exhibit.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"the report needs {path}, which is missing; run `{command}` first") from None
    except ValueError:
        raise ConfigError(f"the report needs {path}, which is damaged; remove it and run `{command}`") from None
    missing = sorted(set(exhibits) - set(found))
    if missing:
        raise ConfigError(f"{path} has no caption of {missing[0]}; run `{command}` first")
    return {key: _escaped_caption(found[key]) for key in sorted(exhibits)}


def _escaped_caption(caption: dict[str, Any]) -> dict[str, Any]:
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
    """Return a link to a result within the report, as reStructuredText."""
    content = "img" if path.endswith(".png") else "html"
    view = f"navbarMode:'resultinfo',resultPath:'{path}',content:'{content}',contentPath:results['{path}'].data_uri"
    return f"`{text} <javascript:app.setView({{{view}}})>`__"


def numbered(name: str) -> str:
    """Pad the number of an exhibit, so that a browser sorts fig2 before fig10."""
    match = re.fullmatch(r"([a-z_]+?)(\d+)", name)
    return f"{match[1]}{match[2]:{FIGURE_SPACE}>2}" if match else name
