"""Workflow RO-Crate metadata of an archive: its files, the run that made them, license, authors, cited documents.

Source: RO-Crate 1.1, https://w3id.org/ro/crate/1.1, and its profile Workflow RO-Crate 1.0,
https://w3id.org/workflowhub/workflow-ro-crate/1.0.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

import yaml
from rocrate.model import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

METADATA = "ro-crate-metadata.json"
VERSION = "1.1"
PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
WORKFLOW = "Snakefile"
CRATE_DESCRIPTION = (
    "Figures, tables and verdicts on claims, with the code, config and package versions that made them; "
    "manifest-sha256.txt has the checksum of every file."
)
FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".nc": "application/x-netcdf",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".py": "text/x-python",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
}


class Digest(NamedTuple):
    """Checksum and size of a file, in bytes."""

    sha256: str
    size: int


class WorkflowRun(NamedTuple):
    """A run of the workflow.

    Attributes:
        tier: of the results.
        snakemake: version of Snakemake.
        configs: the config files, by their paths in the archive.
        results: the files that the run made, by their paths in the archive.
    """

    tier: str
    snakemake: str
    configs: Iterable[str]
    results: Iterable[str]


def metadata(files: Mapping[str, Digest], citation: str, run: WorkflowRun) -> str:
    """Return the metadata document of an archive as JSON-LD.

    Args:
        files: path in the archive → checksum and size, in the order of the listing; contains the workflow.
        citation: text of CITATION.cff: title, version, date, license, authors, the documents reproduced.
        run: the run that made the results.
    """
    crate = ROCrate(version=VERSION)
    _describe_root(crate, yaml.safe_load(citation), run.tier)
    for path, digest in files.items():
        _add_file(crate, path, digest, run.snakemake)
    crate.root_dataset["mentions"] = crate.add_action(
        crate.mainEntity,
        identifier="#run",
        object=[crate.get(quote(path)) for path in run.configs],
        result=[crate.get(quote(path)) for path in run.results],
        properties={"name": f"snakemake all, {run.tier} tier"},
    )
    return json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n"


def _describe_root(crate: ROCrate, citation: Mapping[str, Any], tier: str) -> None:
    """Add title, version, date, license, authors, cited documents and the profile to the root of a crate."""
    license_ = citation["license"]
    crate.name = f"{citation['title']}: results, {tier} tier"
    crate.description = CRATE_DESCRIPTION
    crate.datePublished = str(citation["date-released"])
    crate.license = _add(crate, f"https://spdx.org/licenses/{license_}", "CreativeWork", name=license_)
    root = crate.root_dataset
    root["version"] = str(citation["version"])
    root["author"] = _add(crate, "#authors", "Organization", name=_authors(citation))
    root["conformsTo"] = _add(crate, PROFILE, "CreativeWork", name="Workflow RO-Crate", version=PROFILE.split("/")[-1])
    root["citation"] = [_add_document(crate, reference) for reference in citation.get("references", [])]


def _add(crate: ROCrate, identifier: str, type_: str, **properties: str) -> Entity:
    """Add a contextual entity to a crate."""
    return crate.add(ContextEntity(crate, identifier, {"@type": type_, **properties}))


def _add_document(crate: ROCrate, reference: Mapping[str, Any]) -> Entity:
    identifier = reference.get("url") or f"#{quote(reference['title'])}"
    return _add(crate, identifier, "ScholarlyArticle", name=reference["title"])


def _authors(citation: Mapping[str, Any]) -> str:
    names = [
        author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()
        for author in citation["authors"]
    ]
    return ", ".join(names)


def _add_file(crate: ROCrate, path: str, digest: Digest, snakemake: str) -> None:
    """Add a file to a crate; the Snakefile as its main workflow."""
    properties = {"name": path, "contentSize": str(digest.size), "sha256": digest.sha256}
    if (suffix := PurePosixPath(path).suffix) in FORMATS:
        properties["encodingFormat"] = FORMATS[suffix]
    if path == WORKFLOW:
        crate.add_workflow(dest_path=path, main=True, lang="snakemake", lang_version=snakemake, properties=properties)
    else:
        crate.add_file(dest_path=path, properties=properties)
