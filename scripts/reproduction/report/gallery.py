"""The gallery: small copies of all figures of a run, a page that shows them, and verdicts and speed in README.md.

make gallery
"""

import json
import re
from pathlib import Path

import pandas as pd
from PIL import Image

from reproduction.claims.markdown import VERDICTS, counts, line
from reproduction.storage import store
from reproduction.storage.atomic_write import write_atomically

GALLERY = Path("results/gallery")
PAGES = {"verdicts": Path("workflow/docs/results.md"), "speed": Path("workflow/docs/performance.md")}
WIDTH = 840  # pixels of a figure over two columns
COLOURS = 96
BEGIN, END = "<!-- {}: made by `make gallery` -->", "<!-- end of {} -->"
MARKS = {name: f"{mark.sign} {mark.short}" for name, mark in VERDICTS.items()}


def shrink(source: Path, target: Path) -> None:
    """Write a copy of a figure at its share of ``WIDTH`` and with few colours."""
    with Image.open(source) as image:
        full = image.convert("RGB")
    scale = WIDTH / 1400
    small = full.resize((round(full.width * scale), round(full.height * scale)), Image.Resampling.LANCZOS)
    few = small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, lambda file: few.save(file, optimize=True))


def index(captions: dict[str, dict]) -> str:
    """A page of all figures with their titles and what they were made with."""
    lines = [
        "# Gallery",
        "",
        f"All figures of a run, {_tier(captions)} tier, drawn small; `make gallery` makes this page.",
    ]
    document = ""
    for key, caption in captions.items():
        kind, where, name = key.split("/")
        if kind != "figures":
            continue
        if where != document:
            document = where
            lines += ["", f"## {document}"]
        lines += ["", f"**{name}: {caption['title']}.** {caption['settings']}", "", f"![{name}]({where}/{name}.png)"]
    return "\n".join(lines) + "\n"


def _tier(captions: dict[str, dict]) -> str:
    (tier,) = {caption["tier"] for caption in captions.values()}
    return tier


def verdicts(parts: pd.DataFrame) -> str:
    """How many claims of each group came out how, and one line for each claim.

    Args:
        parts: rows of ``results/claims.parquet``, one for each part of a claim.
    """
    lines = [line(["", *MARKS.values(), "all"]), line(["---"] * (len(MARKS) + 2))]
    lines += [line([f"`{document}`", *map(str, numbers)]) for document, numbers in counts(parts)]
    lines += ["", "<details><summary>Every claim and its verdict</summary>", ""]
    lines += [line(["claim", "statement", "figure", "verdict"]), line(["---"] * 4)]
    for row in parts.drop_duplicates(["document", "claim"]).itertuples():
        lines.append(line([f"{row.document} {row.claim}", row.statement, row.figure or "", MARKS[row.verdict]]))
    return "\n".join([*lines, "", "</details>"])


def with_part(readme: str, name: str, text: str) -> str:
    """The README with a text between the marks of that name."""
    begin, end = BEGIN.format(name), END.format(name)
    pattern = re.compile(rf"{re.escape(begin)}.*?{re.escape(end)}", re.S)
    if not pattern.search(readme):
        raise ValueError(f"{PAGES[name]} must contain the lines {begin!r} and {end!r}; at least one is missing")
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", readme)


def first_table(page: str) -> str:
    """The first table of a page in Markdown."""
    found = re.search(r"^\|.*(?:\n\|.*)*", page, re.M)
    if not found:
        raise ValueError("the page has no table")
    return found[0]


def show_figures() -> None:
    """The figures of a run and its verdicts."""
    captions = json.loads(Path("results/captions.json").read_text())
    for figure in sorted(Path("results/figures").glob("*/*.png")):
        shrink(figure, GALLERY / figure.parent.name / figure.name)
    parts = store.read_table("results/claims.parquet")
    write_atomically(GALLERY / "README.md", lambda file: file.write_text(index(captions)))
    write_atomically(GALLERY / "claims.csv", lambda file: parts.to_csv(file, index=False, float_format="%.6g"))
    _copy("claims.md")
    _put("verdicts", verdicts(parts))


def show_speed() -> None:
    """What ``make bench`` has found."""
    shrink(Path("results/benchmarks.png"), GALLERY / "benchmarks.png")
    _copy("benchmarks.md")
    _put("speed", first_table(Path("results/benchmarks.md").read_text()))


def _copy(page: str) -> None:
    write_atomically(GALLERY / page, lambda file: file.write_text(Path("results", page).read_text()))


def _put(name: str, text: str) -> None:
    content = with_part(PAGES[name].read_text(), name, text)
    write_atomically(PAGES[name], lambda file: file.write_text(content))


def main() -> None:
    show_figures()
    if Path("results/benchmarks.md").exists():
        show_speed()


if __name__ == "__main__":
    main()
