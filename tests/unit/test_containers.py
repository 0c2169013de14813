"""Container recipes, and the comparison of results in their check."""

import os
import re
import subprocess
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from container import compare
from reproduction.storage import store

ROOT = Path(__file__).parent.parent.parent


def words(text: str) -> list[str]:
    """Return the words of all lines that are not comments."""
    return [word for line in text.splitlines() if not line.lstrip().startswith("#") for word in line.split()]


def test_both_containers_have_the_same_files_base_image_and_steps():
    folder = ROOT / "workflow/container"
    oci, apptainer = words((folder / "Containerfile").read_text()), words((folder / "rectified.def").read_text())
    needed = {"requirements.txt", "Snakefile", "config.yaml", "scripts", "workflow", "envs"}
    for recipe in (oci, apptainer):
        assert needed <= set(recipe)
        assert "/opt/rectified/workflow/container/install.sh" in recipe
        assert [word for word in recipe if "apt-get" in word or ("pip" in word and "PIP_" not in word)] == []
    image = next(word for word in apptainer if word.startswith("debian:"))
    assert f"BASE=docker.io/library/{image}" in oci
    assert re.fullmatch(r"debian:\w+-\d{8}-slim", image)


@pytest.fixture
def projects(tmp_path):
    """Write one table as the result of two projects with their own attributes; return their folders."""

    def write(first: dict, second: dict, change: float = 0.0) -> list[Path]:
        folders = [tmp_path / "one", tmp_path / "other"]
        for folder, attributes, value in zip(folders, (first, second), (1.0, 1.0 + change)):
            store.write_table(folder / "results/smoke/data.parquet", pd.DataFrame({"x": [value]}), attributes)
        return folders

    return write


def test_results_of_another_python_version_count_as_equal(projects, capsys):
    compare.main(*projects({"versions": "3.11.2", "spec": "a"}, {"versions": "3.11.7", "spec": "a"}))
    assert capsys.readouterr().out == "1 files: 0 of the same bytes, 1 more of the same data\n"


@pytest.mark.parametrize(("spec", "change"), [("b", 0.0), ("a", 1e-15)])
def test_different_data_and_attributes_are_reported(projects, spec, change):
    with pytest.raises(SystemExit, match=r"different: results/smoke/data.parquet"):
        compare.main(*projects({"spec": "a"}, {"spec": spec}, change))


def test_missing_results_are_reported(projects):
    one, other = projects({}, {})
    (other / "results/smoke/data.parquet").unlink()
    with pytest.raises(SystemExit, match="not the same files"):
        compare.main(one, other)


STUBS = {"buildah": "exit 1", "mmdebstrap": 'touch "$(dirname "$4")/started"; sleep "$SECONDS_OF_BASE"; exit 1'}


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_a_killed_check_of_the_container_leaves_nothing_after_the_next(tmp_path):
    (tmp_path / "bin").mkdir()
    for name, text in STUBS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    temporary = tmp_path / "temporary files"
    temporary.mkdir()
    variables = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "TMPDIR": str(temporary), "WHEELS": str(tmp_path)}
    command = [str(ROOT / "tests/container/check.sh")]
    check = subprocess.Popen(command, env={**os.environ, **variables, "SECONDS_OF_BASE": "1000"})
    try:
        deadline = time.monotonic() + 30
        while not list(temporary.glob("*/started")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        started = psutil.Process(check.pid).children(recursive=True)
        assert any(process.name() == "sleep" for process in started)
    finally:
        check.kill()
        check.wait()
    left = psutil.wait_procs(started, timeout=10)[1]
    for process in left:
        process.kill()
    assert left == []
    assert len(list(temporary.iterdir())) == 1
    assert subprocess.run(command, env={**os.environ, **variables, "SECONDS_OF_BASE": "0"}).returncode == 1
    assert list(temporary.iterdir()) == []
