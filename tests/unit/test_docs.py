"""The documentation: its commands work, its links and paths exist, its code runs, and API pages cover the library."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import shipped

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "workflow/docs").glob("*.md"))]
TEXT = {page.relative_to(ROOT).as_posix(): page.read_text() for page in PAGES}
PAPER = "--configfile workflow/tiers/paper.yaml"
MISH = 'custom_activations:\n  mish: "x*tanh(log(1 + exp(x)))"\n'

# command → file of the test that executes it, at the smoke tier or in parts if it is long
EXECUTED = {
    "snakemake -s ~/rectified/Snakefile --cores 8 all": "tests/workflow/test_platform.py",
    "make smoke": "tests/workflow/conftest.py",
    "make explain": "tests/unit/test_explain.py",
    "make explain FIGURE=deep_ritz/fig3": "tests/unit/test_explain.py",
    "make explain FIGURE=deep_ritz/fig6": "tests/unit/test_explain.py",
    "make report": "tests/workflow/test_report.py",
    "make report TIER=smoke": "tests/workflow/test_report.py",
    "make report FIGURE=deep_ritz/fig3": "tests/workflow/test_report_html.py",
    "make archive": "tests/workflow/test_archive.py",
    "make verify ARCHIVE=results/archive.zip": "tests/workflow/test_archive.py",
    "make plan": "tests/unit/test_costs.py",
    "make power": "tests/oracles/test_power.py",
    "make plan TIER=draft": "tests/unit/test_costs.py",
    "make plan TIER=paper": "tests/unit/test_costs.py",
    "make verify": "tests/workflow/test_archive.py",
    "make costs": "tests/unit/test_costs.py",
    "make docs": "tests/unit/test_docs.py",
    "make gallery": "tests/unit/test_gallery.py",
    "snakemake --cores 2 results/figures/deep_ritz/fig3.pdf": "tests/workflow/test_runs.py",
    "snakemake --cores 8 all --configfile workflow/tiers/smoke.yaml": "tests/workflow/conftest.py",
    "snakemake --cores 8 captions report": "tests/workflow/conftest.py",
    "snakemake --report results/report.html": "tests/workflow/test_report_html.py",
    "snakemake --cores 8 all --sdm conda": "tests/workflow/test_rule_environments.py",
    "snakemake --cores 8 results/scorecards/mish.pdf": "tests/workflow/test_scorecards.py",
    "snakemake --cores 8 scorecards": "tests/workflow/test_scorecards.py",
    "snakemake --unlock": "tests/unit/test_resume.py",
    f"snakemake --profile workflow/profiles/slurm all {PAPER}": "tests/slurm/test_slurm.py",
    "sha256sum --check manifest-sha256.txt": "tests/workflow/test_archive.py",
}

# planned with -n by this module: the command must name targets and options that exist
PLANNED = [
    "snakemake --cores 2 results/figures/deep_ritz/fig3.pdf",
    "snakemake --cores 2 results/figures/deep_ritz/fig6.pdf",
    "snakemake --cores 8 -n all",
    "snakemake --cores 8 results/scorecards/mish.pdf",
    "snakemake --cores 8 results/scorecards/tanh.pdf",
    "snakemake --cores 2 results/smoke/scorecards/mish.pdf --configfile workflow/tiers/smoke.yaml",
    "snakemake --cores 8 scorecards",
    "snakemake --cores 8 figures",
    "snakemake --cores 8 tables",
    "snakemake --cores 8 claims",
    "snakemake --cores 8 captions report",
    "snakemake --cores 8 results/figures/deep_ritz/fig3.pdf",
    "snakemake --cores 8 results/figures/deep_ritz/fig3.pdf --forcerun figure",
    "snakemake --cores 8 results/figures/deep_ritz/fig3.pdf --forceall",
    "snakemake --cores 8 all --rerun-triggers mtime",
    "snakemake --cores 8 all --configfile workflow/tiers/smoke.yaml",
    "snakemake --profile workflow/profiles/gpu --cores 8 all",
]

# command → reason why no test executes it
NOT_EXECUTED = {
    "make": "takes half an hour; the smoke tier runs the same rules",
    "make setup": "installs packages from the network; the tests run in its result",
    "make test": "runs these tests",
    "make lint": "part of make test",
    "make test-library": "runs these tests",
    "make test-workflow": "runs these tests",
    "make test-environments": "runs these tests",
    "make test-slurm": "runs these tests",
    "make test-container": "needs root, buildah and mmdebstrap",
    "make archive FULL=1": "copies trained weights of a finished draft tier",
    "make bench": "installs peers from the network and takes a quarter of an hour",
    "make bench-gpu": "needs a GPU",
    "make audit-study": "takes five minutes; tests/oracles/test_audit_study.py audits a part of the networks",
    "make audit-networks": "installs packages from the network and takes four minutes",
    "pip install .": "installs packages from the network",
    "source .venv/bin/activate": "changes the shell only",
    "make paper": "takes hours; the smoke tier runs the same rules",
    "make clean": "removes caches only",
    "make schema": "rewrites a tracked file; tests/unit/test_config.py compares it with the models",
    "pytest -m gpu": "needs a GPU",
    f"snakemake --profile workflow/profiles/slurm-gpu all {PAPER}": "needs GPU nodes",
    "podman build -t rectified -f workflow/container/Containerfile .": "needs a registry of images",
    'podman run --rm -v "$PWD:/project" rectified --cores 8 all': "needs podman and its image",
    "apptainer build rectified.sif workflow/container/rectified.def": "needs apptainer and a registry of images",
    "apptainer run rectified.sif --cores 8 all": "needs apptainer and its image",
}


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the code blocks of a language in all pages, each with its page."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [(page, block) for page, text in TEXT.items() for block in pattern.findall(text)]


def commands() -> list[str]:
    """Return the commands of shell blocks, without comments, and of inline code; each once."""
    lines = [line for _, block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    found = [re.sub(r"\s*#.*", "", line).strip() for line in lines]
    for text in TEXT.values():
        prose = " ".join(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split())
        found += re.findall(r"`((?:make|snakemake|pip|pytest|sha256sum|lint-imports)(?: [^`…<]+)?)`", prose)
    return list(dict.fromkeys(filter(None, found)))


MAKE = [command for command in commands() if command.split()[0] == "make"]


def test_every_command_is_executed_planned_or_listed_with_a_reason():
    assert [command for command in commands() if command not in {*EXECUTED, *PLANNED, *NOT_EXECUTED}] == []


def test_the_lists_contain_only_documented_commands():
    assert {*EXECUTED, *PLANNED, *NOT_EXECUTED} - {*commands()} == set()
    assert EXECUTED.keys() & NOT_EXECUTED.keys() == set()


@pytest.mark.parametrize("file", sorted(set(EXECUTED.values())))
def test_the_named_tests_exist(file):
    assert (ROOT / file).is_file()


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize("command", MAKE)
def test_make_commands_name_existing_targets(command):
    run = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def planned_together() -> list[str]:
    """Return the planned commands, joined into one command for each config file or profile."""
    written = re.compile(r"snakemake (--profile \S+ )?--cores \d+ (?:-n )?([^-]*)(.*)")
    joined: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for command in PLANNED:
        profile, targets, options = written.fullmatch(command).groups(default="")
        setting = options if options.startswith("--configfile") else profile
        all_targets, all_options = joined.setdefault(setting, ({}, {}))
        all_targets |= dict.fromkeys(targets.split())
        all_options |= dict.fromkeys([profile, options])
    return [" ".join(f"snakemake --cores 8 {' '.join(t)} {' '.join(o)}".split()) for t, o in joined.values()]


def test_joined_commands_have_every_word_of_the_planned_ones():
    joined = {word for command in planned_together() for word in command.split()}
    assert {word for command in PLANNED for word in command.split()} - joined <= {"-n", "2"}


@pytest.mark.parametrize("command", planned_together())
def test_snakemake_commands_can_be_planned(command, tmp_path):
    overlay = tmp_path / "mish.yaml"
    overlay.write_text(MISH)
    option = [] if "--configfile" in command else ["--configfile"]
    more = [*option, str(overlay)] if "mish" in command else []
    arguments = [sys.executable, "-m", *shlex.split(command), *more, "--dry-run", "--quiet", "--nolock"]
    run = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]


@pytest.mark.parametrize("page", TEXT)
def test_links_lead_to_files_and_headings(page):
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", re.sub(r"```.*?```", "", TEXT[page], flags=re.DOTALL)):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file.read_text()), target


def _anchors(text: str) -> set[str]:
    """Return the anchors that GitHub assigns to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", TEXT)
def test_named_modules_and_files_exist(page):
    text = TEXT[page] if page != "CONTRIBUTING.md" else re.sub(r"\S*(inactive_units|advection)\S*", "", TEXT[page])
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|md|rst|tsv|json|def))`", text))
    places = [ROOT, SCRIPTS, SCRIPTS / "rectified", ROOT / "workflow/docs"]
    missing = [name for name in named if not any((place / name).is_file() for place in places)]
    assert [name for name in missing if not name.startswith(("results/", "workflow/report/<"))] == []


def test_the_table_of_figures_matches_the_config():
    config, text = shipped.config(), TEXT["workflow/docs/figures.md"]
    for document, section in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE):
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line[:2] == "| "]
        listed = {name: (row[3], row[5]) for row in rows[1:] for name in row[0].split(", ")}
        entries = {**config.figures[document], **config.tables[document]}
        assert listed.keys() == entries.keys()
        for name, (task, family) in listed.items():
            tasks = {config.cases[case.experiment][case.case].task for case in config.select(entries[name].data)}
            assert task.strip("`") in tasks, name
            assert family.strip("`") == entries[name].family, name


@pytest.mark.parametrize("page", ["workflow/docs/api.md"])
def test_python_code_runs(page):
    code = "\n".join(block for found, block in blocks("python") if found == page)
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("inconsistent (parameter gradient"), run.stdout


def test_api_pages_list_every_public_function_and_need_no_network(tmp_path):
    pytest.importorskip("pdoc")
    command = re.search(
        r"^docs:.*\n\tPYTHONPATH=scripts \.venv/bin/(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    arguments = command[1].replace("results/api", str(tmp_path)).split()
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    run = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    for module in sorted((SCRIPTS / "rectified").rglob("*.py")):
        name = module.relative_to(SCRIPTS).with_suffix("")
        page = tmp_path / (name.parent if name.name == "__init__" else name).with_suffix(".html")
        text = page.read_text()
        for function in _public_functions(module):
            assert f'id="{function}"' in text, (page, function)
        assert not re.search(r"""(?:src|@import|url\()\s*=?\s*["']?https?:""", text)


def _public_functions(module: Path) -> list[str]:
    """Names of the public functions and classes that a module defines; those of ``__init__`` files are imported."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    body = ast.parse(module.read_text(encoding="utf-8")).body
    return [node.name for node in body if isinstance(node, kinds) and not node.name.startswith("_")]
