"""The RO-Crate metadata of an archive: complete, deterministic, made without network access, and read by rocrate."""

import json
import socket

import pytest
from rocrate.rocrate import ROCrate

from project import ROOT
from reproduction.archive import ro_crate
from reproduction.archive.ro_crate import Digest, WorkflowRun

CITATION = (ROOT / "CITATION.cff").read_text()
FILES = {
    "Snakefile": Digest("0" * 64, 10),
    "config.yaml": Digest("1" * 64, 20),
    "my config.yaml": Digest("2" * 64, 30),
    "scripts/theory.py": Digest("3" * 64, 40),
    "results/figures/deep_ritz/fig3.pdf": Digest("4" * 64, 50),
}
RUN = WorkflowRun("draft", "9.27.1", ["config.yaml", "my config.yaml"], ["results/figures/deep_ritz/fig3.pdf"])


@pytest.fixture
def crate(tmp_path) -> ROCrate:
    """The metadata of ``FILES`` as rocrate reads them."""
    (tmp_path / ro_crate.METADATA).write_text(ro_crate.metadata(FILES, CITATION, RUN))
    return ROCrate(tmp_path)


def test_metadata_are_deterministic_and_need_no_network(monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert ro_crate.metadata(FILES, CITATION, RUN) == ro_crate.metadata(FILES, CITATION, RUN)


def test_the_crate_lists_every_file_with_checksum_and_size(crate):
    parts = {part["name"]: part for part in crate.root_dataset["hasPart"]}
    assert {name: (part["sha256"], int(part["contentSize"])) for name, part in parts.items()} == FILES
    assert parts["my config.yaml"].id == "my%20config.yaml"
    assert parts["results/figures/deep_ritz/fig3.pdf"]["encodingFormat"] == "application/pdf"


def test_the_snakefile_is_the_main_workflow(crate):
    workflow = crate.mainEntity
    assert workflow.id == "Snakefile"
    assert set(workflow.type) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert workflow["programmingLanguage"].type == "ComputerLanguage"
    assert workflow["programmingLanguage"]["version"] == "9.27.1"


def test_the_run_leads_from_config_files_to_results(crate):
    run = crate.root_dataset["mentions"]
    assert (run.type, run["instrument"]) == ("CreateAction", crate.mainEntity)
    assert [file["name"] for file in run["object"]] == [*RUN.configs]
    assert [file["name"] for file in run["result"]] == [*RUN.results]


def test_the_root_has_the_required_properties_and_the_citation(crate):
    root = crate.root_dataset
    assert crate.version == "1.1"
    assert {ro_crate.PROFILE, "https://w3id.org/ro/crate/1.1"} == {
        profile if isinstance(profile, str) else profile.id for profile in crate.metadata["conformsTo"]
    }
    assert root["conformsTo"].id == ro_crate.PROFILE
    assert root["name"].endswith("results, draft tier")
    assert (root["datePublished"], root["license"]["name"]) == ("2026-11-22", "MIT")
    assert root["author"]["name"] == "The rectified authors"
    assert "https://arxiv.org/abs/2512.11184" in {document.id for document in root["citation"]}


def test_every_reference_is_to_an_entity_of_the_crate():
    graph = json.loads(ro_crate.metadata(FILES, CITATION, RUN))["@graph"]
    known = {entity["@id"] for entity in graph}
    external = {"https://w3id.org/ro/crate/1.1", "https://snakemake.readthedocs.io"}
    external |= {"https://doi.org/10.1093/bioinformatics/bts480"}
    found = {
        value["@id"]
        for entity in graph
        for values in entity.values()
        for value in (values if isinstance(values, list) else [values])
        if isinstance(value, dict)
    }
    assert len(known) == len(graph)
    assert found <= known | external
