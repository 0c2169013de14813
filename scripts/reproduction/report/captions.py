"""Captions of figures and tables: title, text, settings, tier and verdicts.

Title and text are written by hand, one reST file per exhibit in ``workflow/report/<document>/``; they contain no
computed results. The settings and their origin come from config, the verdicts from the claims that the exhibit shows.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from reproduction.config.config import Config
from reproduction.config.exhibits.entry import Exhibit
from reproduction.report import settings_origin
from reproduction.report.settings_in_words import sentence
from reproduction.runtime.session import start_log
from reproduction.storage import code_digest, store

FOLDER = code_digest.ROOT.parent / "workflow/report"


class Caption(NamedTuple):
    """The caption of a figure or table.

    Attributes:
        title: one line.
        text: paragraphs of reST with plain text, ``*emphasis*`` and double-quoted literals only.
        settings: one sentence per task of the cases shown, then those given, inferred and chosen.
        tier: of the run.
        verdicts: claim, document, statement and verdict of each claim that it shows.
    """

    title: str
    text: str
    settings: str
    tier: str
    verdicts: list[dict[str, str]]


def make(snakemake: Any) -> None:
    """Write the captions of all figures and tables as one JSON file, by ``figures/<document>/<name>``."""
    start_log(snakemake.log[0])
    config = Config.model_validate_json(snakemake.params.config)
    written = captions(config, claims_of(snakemake.input.claims), FOLDER, snakemake.params.origins)
    text = (
        json.dumps({name: caption._asdict() for name, caption in written.items()}, indent=2, ensure_ascii=False) + "\n"
    )
    store.write_atomically(snakemake.output[0], lambda file: Path(file).write_text(text, encoding="utf-8"))


def captions(
    config: Config, claims: pd.DataFrame, folder: str | Path = FOLDER, tagged: Mapping[str, str] | None = None
) -> dict[str, Caption]:
    """Return the captions of all exhibits in config, by ``figures/<document>/<name>`` or ``tables/<document>/<name>``.

    Args:
        config: with the exhibits.
        claims: the parts of decided claims, as returned by ``claims_of``.
        folder: of the reST files.
        tagged: origin of settings by their path in config, see ``reproduction.config.setting_tags``.
    """
    return {
        f"{kind}/{document}/{name}": _caption(config, document, name, entry, claims, Path(folder), tagged or {})
        for kind, groups in (("figures", config.figures), ("tables", config.tables))
        for document in in_order(groups)
        for name, entry in ((name, groups[document][name]) for name in in_order(groups[document]))
    }


def _caption(
    config: Config,
    document: str,
    name: str,
    entry: Exhibit,
    claims: pd.DataFrame,
    folder: Path,
    tagged: Mapping[str, str],
) -> Caption:
    file = folder / document / f"{name}.rst"
    title, text = read(file) if file.exists() else (str(entry.__doc__).removesuffix("."), "")
    cases = config.select(entry.data)
    jobs = [config.job(case.experiment, case.case) for case in cases]
    settings = " ".join(filter(None, [sentence(jobs), settings_origin.sentence(config, cases, tagged)]))
    return Caption(title, text, settings, config.tier, _verdicts(claims, f"{document}/{name}"))


def read(file: str | Path) -> tuple[str, str]:
    """Return title and text of a reST file: its first line, and its paragraphs, each on one line."""
    title, *paragraphs = Path(file).read_text(encoding="utf-8").strip().split("\n\n")
    return title.strip(), "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def in_order(names: Iterable[str]) -> list[str]:
    """Return names in natural order, published figures first: fig2, fig10, ext1."""
    return sorted(set(names), key=lambda name: (not name.startswith("fig"), *_pieces(name)))


def _pieces(name: str) -> list[tuple[int, int, str]]:
    """Return a name as sort key: digits as numbers, the parts between them as text."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name)]


def claims_of(files: Iterable[str | Path]) -> pd.DataFrame:
    """Return the parts of all claims in tables, in natural order; the default document is the name of the file."""
    tables = [_with_document(store.read_table(file), Path(file).stem) for file in files]
    if not tables:
        return pd.DataFrame(columns=["document", "claim", "statement", "figure", "verdict"])
    claims = pd.concat(tables, ignore_index=True)
    places = {name: place for column in ("document", "claim") for place, name in enumerate(in_order(claims[column]))}
    return claims.sort_values(["document", "claim"], key=lambda column: column.map(places), kind="stable")


def _with_document(table: pd.DataFrame, document: str) -> pd.DataFrame:
    return table if "document" in table else table.assign(document=document)


def _verdicts(claims: pd.DataFrame, exhibit: str) -> list[dict[str, str]]:
    """Return the claims that an exhibit shows, without duplicates."""
    shown = claims[claims.figure == exhibit].drop_duplicates(["document", "claim"])
    return shown[["claim", "document", "statement", "verdict"]].to_dict("records")
