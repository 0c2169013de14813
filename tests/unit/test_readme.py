"""README.md: it is short, its code runs, and its numbers match the gallery."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
CLAIMS = ROOT / "results/gallery/claims.csv"
NUMBER = r"\d[\d.]*(?:e-?\d+)?"


def test_the_readme_has_at_most_150_lines():
    assert len(README.splitlines()) <= 150


def test_the_setup_commands_are_on_the_first_screen():
    screen = "\n".join(README.splitlines()[:24])
    assert re.search(r"^make +#", screen, re.MULTILINE)
    assert re.search(r"^make test +#", screen, re.MULTILINE)


def test_the_python_code_prints_the_output_in_its_comments():
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    verdicts = re.findall(r"^(consistent|inconsistent)", run.stdout, re.MULTILINE)
    assert verdicts == ["inconsistent", "consistent"], run.stdout


def test_numbers_with_an_interval_match_the_claim():
    claims = pd.read_csv(CLAIMS)
    quoted = re.findall(rf"({NUMBER}) \[({NUMBER}), ({NUMBER})\][^\[\]()]*?\(([deco]\d+)\)", README)
    section = README[README.index("## What came out") : README.index("## What was given")]
    assert len(quoted) == len(re.findall(r"\[\d", section))
    for *numbers, claim in quoted:
        rows = claims[claims.claim == claim][["value", "low", "high"]].to_numpy()
        rounded = [[_rounded(value, text) for value, text in zip(row, numbers)] for row in rows]
        assert [float(text) for text in numbers] in rounded, (claim, numbers)


def _rounded(value: float, like: str) -> float:
    """Round a value to as many significant digits as a text has."""
    digits = len(re.sub(r"e.*|\.", "", like).lstrip("0"))
    return float(f"{value:.{digits}g}")


def test_counts_of_verdicts_match_the_claims():
    verdicts = pd.read_csv(CLAIMS).drop_duplicates(["document", "claim"]).verdict.value_counts()
    named = [
        verdicts[name] for name in ("reproduced", "reproduced in part", "not reproduced", "undecided at this tier")
    ]
    text = "Of {} claims, {} are reproduced, {} in part, {} not, and {} are undecided".format(sum(named), *named)
    assert text in README
