"""Archives: reproducible bytes, and detection of every change."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile

import pandas as pd
import pytest
from rocrate.rocrate import ROCrate

from conftest import SMOKE, Project
from reproduction.archive import build, verify
from reproduction.archive.description import Finding
from reproduction.config.errors import ConfigError

CONFIG = """
tier: draft
experiments: {single_neuron: {document: deep_ritz, task: single_neuron, activation: relu}}
figures: {deep_ritz: {fig3: {family: single_neuron, data: [single_neuron/default]}}}
"""
FIGURE = "results/figures/deep_ritz/fig3.parquet"
DATA = "results/deep_ritz/single_neuron/default/single_neuron.nc"


def run(project: Project, *arguments: str, ok: bool = True) -> str:
    """Run a command of the archive module; return its output."""
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "scripts")}
    command = [sys.executable, "-m", "reproduction.archive", *arguments]
    done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def small(fresh):
    """A project with one finished figure, and its archive."""
    project = fresh()
    (project.folder / "config.yaml").write_text(CONFIG)
    (project.folder / "workflow/claims.yaml").write_text("claims: {}\n")
    project.run("all")
    run(project, "make")
    return project


@pytest.fixture
def contents(small):
    """The files of the archive by name, to be modified."""
    with zipfile.ZipFile(small.folder / "results/archive.zip") as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(path, contents, forged=False):
    """Write an archive of these contents; a forged one has matching checksums."""
    if forged:
        lines = [
            f"{hashlib.sha256(content).hexdigest()}  {name}\n"
            for name, content in contents.items()
            if name != "manifest-sha256.txt"
        ]
        contents = contents | {"manifest-sha256.txt": "".join(lines).encode()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in contents.items():
            file.writestr(name, content)
    return path


def findings(path, **options):
    return [line for line in verify.verify(path, **options) if isinstance(line, Finding)]


def test_an_unmodified_archive_is_verified(small):
    output = run(small, "verify", "results/archive.zip")
    assert f"{FIGURE} recomputed: identical bytes" in output
    assert f"{DATA} recomputed: identical bytes" in output
    assert output.strip().endswith("results/archive.zip: verified")


def test_archives_of_the_same_results_are_identical(small):
    run(small, "make", "--output", "again.zip")
    assert (small.folder / "again.zip").read_bytes() == (small.folder / "results/archive.zip").read_bytes()


def test_sha256sum_and_rocrate_read_the_archive(small, contents, tmp_path):
    with zipfile.ZipFile(small.folder / "results/archive.zip") as file:
        file.extractall(tmp_path)
    subprocess.run(["sha256sum", "--check", "--quiet", "manifest-sha256.txt"], cwd=tmp_path, check=True)
    crate = ROCrate(tmp_path)
    assert crate.mainEntity.id == "Snakefile"
    assert {part.id for part in crate.root_dataset["hasPart"]} | {"ro-crate-metadata.json"} == set(contents) - {
        "manifest-sha256.txt"
    }
    assert FIGURE in {made.id for made in crate.get("#run")["result"]}


def test_an_archive_has_code_config_and_versions_but_no_weights(contents):
    described = json.loads(contents["archive.json"])
    assert {
        "Snakefile",
        "config.yaml",
        "requirements.txt",
        "scripts/compute.py",
        "scripts/rectified/ritz/single_neuron.py",
    } < set(contents)
    assert described["packages"]["torch"].startswith("2.13.0")
    assert json.loads(contents["resolved.json"])["jobs"]["deep_ritz/single_neuron/default"]["settings"]["points"] == 101
    assert [name for name in contents if name.endswith((".safetensors", ".pyc", ".log", ".tsv"))] == [
        "workflow/costs.tsv"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update({FIGURE: c[FIGURE] + b"x"}), f"{FIGURE} differs"),
        (lambda c: c.update({"config.yaml": c["config.yaml"] + b"#"}), "config.yaml differs"),
        (lambda c: c.pop(DATA), f"{DATA} is missing"),
        (lambda c: c.update({"notes.txt": b"mine"}), "notes.txt is extra"),
        (lambda c: c.pop("manifest-sha256.txt"), "manifest-sha256.txt is missing"),
        (lambda c: c.update({"manifest-sha256.txt": b"?"}), "manifest-sha256.txt has an invalid line"),
    ],
)
def test_changed_missing_and_extra_files_are_named(contents, tmp_path, change, message):
    change(contents)
    found = findings(packed(tmp_path / "a.zip", contents))
    assert found[0].startswith(message)


def test_damaged_bytes_are_named(small, tmp_path):
    path = small.folder / "results/archive.zip"
    with zipfile.ZipFile(path) as file:
        info = file.getinfo(FIGURE)
    content = bytearray(path.read_bytes())
    content[info.header_offset + 30 + len(FIGURE) + info.compress_size // 2] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(content)
    assert findings(tmp_path / "a.zip")[0].startswith(f"{FIGURE} differs")


def test_changed_numbers_are_found_despite_matching_checksums(small, contents, tmp_path):
    table = pd.read_parquet(small.folder / FIGURE)
    table.loc[3, "y"] += 0.25
    table.to_parquet(tmp_path / "table.parquet")
    contents[FIGURE] = (tmp_path / "table.parquet").read_bytes()
    found = findings(packed(tmp_path / "a.zip", contents, forged=True))
    assert found[0] == f"{FIGURE} was not made by the archived code"
    assert found[1].startswith(f"{FIGURE} recomputed: numbers differ by ")
    assert len(found) == 2


def test_changed_config_is_found_despite_matching_checksums(contents, tmp_path):
    contents["config.yaml"] = contents["config.yaml"].replace(
        b"task: single_neuron", b"task: single_neuron, slope: 1.5"
    )
    found = findings(packed(tmp_path / "a.zip", contents, forged=True))
    assert found[0] == "resolved.json does not match the archived config files and code"
    assert found[1].startswith(f"{FIGURE} recomputed: numbers differ")


@pytest.mark.parametrize(
    "name", ["scripts/rectified/ritz/single_neuron.py", "scripts/torch.py", "workflow/rules/train.smk"]
)
def test_foreign_code_does_not_run_by_default(contents, tmp_path, name):
    mark = tmp_path / "ran"
    contents[name] = contents.get(name, b"") + f"\nopen({str(mark)!r}, 'w')\n".encode()
    (found,) = findings(packed(tmp_path / "a.zip", contents, forged=True))
    assert found.startswith(f"the archived code differs from this project's code and was not run: {name}")
    assert not mark.exists()


def test_foreign_code_runs_on_request(contents, tmp_path):
    """Its digest differs from that in resolved.json; the numbers stay the same."""
    contents["scripts/rectified/ritz/single_neuron.py"] += b"\nSPARE = 1\n"
    (found,) = findings(packed(tmp_path / "a.zip", contents, forged=True), run=True)
    assert found == "resolved.json does not match the archived config files and code"


@pytest.mark.parametrize(
    ("name", "value"),
    [("configfiles", ["--profile"]), ("configfiles", ["../x.yaml"]), ("recomputable", ["results/../x.nc"])],
)
def test_a_description_cannot_inject_options_or_outside_paths(contents, tmp_path, name, value):
    contents["archive.json"] = json.dumps(json.loads(contents["archive.json"]) | {name: value}).encode()
    (found,) = findings(packed(tmp_path / "a.zip", contents, forged=True))
    assert found.startswith(f"archive.json.{name}.")


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "a\\..\\evil", "C:evil", "a\nb"])
def test_names_outside_the_folder_are_refused(tmp_path, name):
    (found,) = findings(packed(tmp_path / "a.zip", {name: b""}))
    assert found.endswith("is a link or could be written outside the folder")


def test_links_are_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(info, "/etc")
    assert "is a link" in findings(tmp_path / "a.zip")[0]


def test_zip_bombs_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file, file.open("zeros", "w") as zeros:
        for _ in range(200):
            zeros.write(bytes(1 << 20))
    assert "bytes would unpack to" in findings(tmp_path / "a.zip")[0]


def test_a_missing_or_invalid_file_is_reported(tmp_path):
    assert "cannot be read: No such file" in findings(tmp_path / "none.zip")[0]
    (tmp_path / "text.zip").write_text("text")
    assert "is damaged or not a zip file" in findings(tmp_path / "text.zip")[0]


def test_missing_results_are_named(small, monkeypatch, tmp_path):
    monkeypatch.chdir(small.folder)
    (small.folder / "more.yaml").write_text(CONFIG.replace("fig3", "fig4"))
    with pytest.raises(ConfigError, match=r"results/figures/deep_ritz/fig4.parquet is missing; compute all results"):
        build.make_archive(tmp_path / "a.zip", ["more.yaml"])
    (tmp_path / "else.yaml").write_text("")
    with pytest.raises(ConfigError, match="lies outside of the project"):
        build.make_archive(tmp_path / "a.zip", [str(tmp_path / "else.yaml")])


def test_the_finished_project_is_verified_and_a_changed_claim_is_named(finished, tmp_path):
    run(finished, "make", "--output", str(tmp_path / "a.zip"), *SMOKE)
    assert findings(tmp_path / "a.zip") == []
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        contents = {name: file.read(name) for name in file.namelist()}
    assert not [name for name in contents if name.endswith(("fields.nc", ".safetensors"))]
    claims = "results/smoke/claims/failed_ideas.csv"
    contents[claims] = contents[claims].replace(b"undecided at this tier", b"reproduced", 1)
    table = pd.read_csv(finished.folder / claims).set_index("verdict")
    changed = table.claim["undecided at this tier"].iloc[0]
    (found,) = findings(packed(tmp_path / "b.zip", contents, forged=True))
    assert found == f"{claims}: verdict of {changed} is 'reproduced', but 'undecided at this tier' in its data"
