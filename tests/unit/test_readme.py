"""What README.md shows can be done."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_example_of_the_audit_says_what_its_comments_say():
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", example], env=environment, capture_output=True, text=True, check=True)
    verdicts = re.findall(r"^(consistent|inconsistent)", run.stdout, re.MULTILINE)
    assert verdicts == ["inconsistent", "consistent"], run.stdout + run.stderr


def test_every_module_that_it_names_exists():
    named = set(re.findall(r"`((?:\w+/)?[a-z_0-9]+\.py)`", (ROOT / "README.md").read_text()))
    assert len(named) > 30
    assert [name for name in named if not (ROOT / "scripts/rectified" / name).is_file()] == []
