"""What the HTML report shows beside each result: its caption as reStructuredText, links within the report, labels.

Snakemake renders the templates in ``workflow/report`` with its own config; what they look up there is made here.
"""

import json
import re
import shlex
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from reproduction.config.errors import ConfigError
from reproduction.rendering.typography import readable

FIGURE_SPACE = "\u2007"  # as wide as a digit; a browser sorts it before all digits


def is_made(arguments: Iterable[str]) -> bool:
    """Whether a command line asks for the HTML report."""
    return any(argument == "--report" or argument.startswith("--report=") for argument in arguments)


def command(layers: Iterable[str | Path]) -> str:
    """What a person types to make the captions, with the config files that this run was given."""
    here = f"{Path.cwd()}/"
    given = [shlex.quote(str(layer).removeprefix(here)) for layer in layers]
    return " ".join(["snakemake --cores 8 captions", *(["--configfile", *given] if given else [])])


def context(results: str, exhibits: Collection[str], claimed: Iterable[str], command: str) -> dict[str, Any]:
    """What templates look up: captions by exhibit, what the pages of claims link to, names of the documents.

    Args:
        results: the folder of results, as it stands in the paths of the report.
        exhibits: all figures and tables, as ``figures/<document>/<name>``.
        claimed: documents with a page of claims.
        command: what makes the captions, for an error.

    Raises:
        ConfigError: as ``captions``.
    """
    found = captions(Path(results, "captions.json"), exhibits, command)
    for caption in found.values():
        for verdict in caption["verdicts"]:
            verdict["link"] = link(verdict["claim"], f"{results}/claims/{verdict['document']}.html")
    return {
        "captions": found,
        "claims_pages": {document: _links(document, found, results) for document in claimed},
        "documents": [readable(document) for document in sorted({key.split("/")[1] for key in found})],
    }


def _links(document: str, found: dict[str, dict[str, Any]], results: str) -> dict[str, Any]:
    """The exhibits that show claims of a document, each with the verdicts, as reStructuredText."""
    lines = []
    for key in sorted(found, key=_in_order):
        verdicts = [verdict for verdict in found[key]["verdicts"] if verdict["document"] == document]
        if verdicts:
            suffix = "png" if key.startswith("figures/") else "html"
            told = ", ".join(f"{verdict['claim']} *{verdict['verdict']}*" for verdict in verdicts)
            lines.append(f"{link(key.split('/', 1)[1], f'{results}/{key}.{suffix}')}: {told}")
    return {"document": plain(readable(document)), "links": lines}


def _in_order(name: str) -> str:
    """What sorts a name such that fig2 comes before fig10."""
    return re.sub(r"\d+", lambda match: match[0].zfill(9), name)


def captions(path: Path, exhibits: Collection[str], command: str) -> dict[str, dict[str, Any]]:
    """The captions of all exhibits, by ``figures/<document>/<name>``, with plain text made safe for templates.

    Raises:
        ConfigError: if the file is not there, is no JSON, or lacks an exhibit.
    """
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"the report needs {path}, which is not there; type `{command}` first") from None
    except ValueError:
        raise ConfigError(f"the report needs {path}, which is damaged; remove it and type `{command}`") from None
    missing = sorted(set(exhibits) - set(found))
    if missing:
        raise ConfigError(f"{path} has no caption of {missing[0]}; type `{command}` first")
    return {key: _safe(found[key]) for key in sorted(exhibits)}


def _safe(caption: dict[str, Any]) -> dict[str, Any]:
    """A caption whose text stays reStructuredText and all else is shown as it is; the title also for labels."""
    verdicts = [
        {key: plain(verdict[key]) for key in ("claim", "statement", "verdict")} | {"document": verdict["document"]}
        for verdict in caption["verdicts"]
    ]
    shown = {key: plain(caption[key]) for key in ("title", "settings", "tier")}
    return {**shown, "text": caption["text"], "label": label(caption["title"]), "verdicts": verdicts}


def plain(text: str) -> str:
    """Any text as reStructuredText that shows just that text, on one line."""
    return re.sub(r"([^\w\s])", r"\\\1", " ".join(text.split()))


def label(text: str) -> str:
    """Text that can stand in a script of a page: without the signs that would end the script."""
    return " ".join(re.sub(r"[<>]", "", text).split())


def link(text: str, path: str) -> str:
    """A link that shows a result within the report, with its caption, as reStructuredText."""
    content = "img" if path.endswith(".png") else "html"
    view = f"navbarMode:'resultinfo',resultPath:'{path}',content:'{content}',contentPath:results['{path}'].data_uri"
    return f"`{text} <javascript:app.setView({{{view}}})>`__"


def numbered(name: str) -> str:
    """The name of an exhibit with its number set apart, so that a browser sorts fig2 before fig10."""
    match = re.fullmatch(r"([a-z_]+?)(\d+)", name)
    return f"{match[1]}{match[2]:{FIGURE_SPACE}>2}" if match else name
