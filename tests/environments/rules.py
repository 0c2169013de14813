"""The rules of the workflow: which scripts they run, and in which environment."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = {path.name for path in (ROOT / "scripts").glob("*.py")}
# Rules whose script depends on the job: which scripts these are.
SCRIPTS_OF = {"train": "train_*.py", "figure": "plot_*.py", "table": "tabulate_*.py"}
RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)


def rules() -> dict[str, tuple[str | None, list[str]]]:
    """Rules that run a script → their env file, and the scripts that they run."""
    found = {}
    for file in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for rule, body in RULE.findall(file.read_text()):
            script = re.search(r'script:\s+"../../scripts/(.+)"', body)
            env = re.search(r'conda:\s+"../../envs/(.+)"', body)
            if script:
                pattern = SCRIPTS_OF[rule] if "{" in script[1] else script[1]
                names = sorted(path.name for path in (ROOT / "scripts").glob(pattern))
                found[rule] = (env and env[1], names)
    return found
