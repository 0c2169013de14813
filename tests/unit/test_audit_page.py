"""workflow/docs/audit.md: its code runs, prints the reports on the page, and draws the picture on the page."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from matplotlib import image

from project import ROOT

PAGE = ROOT / "workflow/docs/audit.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", PAGE.read_text(), re.DOTALL | re.MULTILINE)
END = "end of block"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The folder in which the code of the page ran, and what each block printed; then its tests are called."""
    directory = tmp_path_factory.mktemp("page")
    code = f"\nprint({END!r})\n".join(block for block, _ in BLOCKS)
    tests = "\n".join(f"{name}()" for name in re.findall(r"^def (test_\w+)", code, re.MULTILINE))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    command = [sys.executable, "-c", f"{code}\n{tests}\n"]
    run = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert tests
    return directory, run.stdout.split(f"{END}\n")


def without_numbers(text: str) -> list[str]:
    """The words of a report; numbers, and which of equal parameters decides, differ from machine to machine."""
    text = re.sub(r"in \d+\.(weight|bias)", "in #", text)
    return re.sub(r"(?<![\w.])[\d.]+(?:e[+-]\d+)?(?![\w.])", "#", text).split()


def test_the_page_shows_what_the_code_prints(page):
    _, printed = page
    assert len(printed) == len(BLOCKS)
    assert [without_numbers(text) for text in printed] == [without_numbers(text) for _, text in BLOCKS]


def test_each_mistake_is_found_and_mended_in_less_than_thirty_lines():
    verdicts = [text.split(None, 1)[0] for _, text in BLOCKS if text.startswith(("consistent", "inconsistent"))]
    assert verdicts[:6] == ["inconsistent", "consistent"] * 3
    assert max(len(block.splitlines()) for block, _ in BLOCKS) < 30


def test_the_picture_is_the_one_that_the_code_draws(page):
    directory, _ = page
    committed, drawn = (image.imread(folder / "audit.png") for folder in (PAGE.parent, directory))
    assert committed.shape == drawn.shape
    assert np.abs(committed - drawn).mean() < 0.01
    assert (PAGE.parent / "audit.png").stat().st_size < 60_000
