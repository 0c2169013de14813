"""Jobs of every kind, run with only the packages of the env file of their rule."""

import re
import shutil
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

from environments import stand_in
from environments.build import build, conda, use_stand_in
from environments.rules import ROOT, kinds, variant_of
from project import ALL, SMOKE, Project
from reproduction.storage import store

READERS = {
    ".nc": lambda file: store.read_arrays(file).attrs,
    ".parquet": lambda file: store.read_table(file).attrs,
    ".safetensors": lambda file: store.read_tensors(file)[1],
}


@pytest.fixture(scope="module", autouse=True)
def stand_in_for_conda():
    with pytest.MonkeyPatch.context() as patch:
        use_stand_in(patch.setenv)
        yield


@pytest.fixture(scope="module")
def environments(fresh):
    """Folder with the environments of all env files."""
    return build(fresh())


def cheapest_jobs(project: Project) -> dict[tuple[str, str], list[str]]:
    """Map rule and variant to the outputs of the shortest such job in a finished run."""
    rows = [line.split("\t") for line in project.run(*ALL, *SMOKE, "--summary").splitlines()]
    jobs = defaultdict(list)
    for output, _, rule, log, *_ in (row for row in rows if len(row) == 6 and row[3].endswith(".log")):
        jobs[rule, log].append(output)
    found = {}
    for (rule, log), outputs in jobs.items():
        seconds = pd.read_csv(project.folder / log.replace(".log", ".benchmark.tsv"), sep="\t").s[0]
        key = (rule, variant_of(rule, code_of([project.folder / output for output in outputs])))
        found[key] = min(found.get(key, (seconds, outputs)), (seconds, outputs))
    return {key: outputs for key, (_, outputs) in found.items()}


def code_of(outputs: list[Path]) -> str:
    """Return the code recorded in the results of a job; empty if none is recorded."""
    data = next((file for file in outputs if file.suffix in READERS), None)
    return READERS[data.suffix](data)["code"] if data else ""


@pytest.fixture(scope="module")
def chosen(finished):
    return cheapest_jobs(finished)


@pytest.fixture(scope="module")
def isolated(finished, chosen, environments, tmp_path_factory):
    """Copy of the finished project after a rerun of the chosen jobs, each in the environment of its rule."""
    project = object.__new__(Project)
    project.folder = tmp_path_factory.mktemp("isolated") / "project"
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    targets = [output for outputs in chosen.values() for output in outputs]
    for target in targets:
        (project.folder / target).unlink()
    project.printed = project.run(*targets, "--rerun-triggers", "mtime", *SMOKE, *conda(environments))
    return project


def test_a_job_of_every_kind_is_chosen(chosen):
    assert set(chosen) == set(kinds())


def test_jobs_run_in_their_environments(isolated, chosen):
    # Each job activates its environment twice: to query the version of Python, and to run.
    assert isolated.printed.count("Activating conda environment") >= 2 * len(chosen)


def test_results_are_identical_to_those_of_the_common_environment(isolated, finished, chosen):
    targets = [output for outputs in chosen.values() for output in outputs if not output.endswith("report.pdf")]
    different = [t for t in targets if (isolated.folder / t).read_bytes() != (finished.folder / t).read_bytes()]
    assert different == []
    assert isolated.data() == finished.data()


def test_a_package_missing_from_the_env_file_is_named_in_the_error(fresh, chosen, tmp_path):
    project = fresh()
    file = project.folder / "envs/figures.yaml"
    numpy = stand_in.read(file).packages["numpy"]
    python = stand_in.read(file).python
    lines = ["channels: [conda-forge]", "dependencies:", f"  - python ={python}", f"  - numpy ={numpy}"]
    file.write_text("\n".join(lines))
    printed = project.run(*chosen["theory", "theory"], *SMOKE, *conda(tmp_path), ok=False)
    found = re.search(r"\w+\.py imports (\w+), which the env file of this rule does not name", printed)
    assert found, printed[-3000:]
    assert found[1] in stand_in.read(ROOT / "envs/figures.yaml").packages
