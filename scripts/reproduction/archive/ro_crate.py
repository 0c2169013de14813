"""The description of an archive as a Workflow RO-Crate: what each file is, what made it, under which license.

Source: RO-Crate 1.1, https://w3id.org/ro/crate/1.1, and its profile Workflow RO-Crate 1.0,
https://w3id.org/workflowhub/workflow-ro-crate/1.0.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import yaml

METADATA = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
WORKFLOW = "Snakefile"
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


def metadata(
    files: Mapping[str, tuple[str, int]],
    citation: str,
    tier: str,
    snakemake: str,
    configs: Iterable[str],
    results: Iterable[str],
) -> str:
    """The metadata document of an archive, as JSON-LD.

    Args:
        files: path in the archive → SHA-256 and size, in the order in which they are listed.
        citation: text of CITATION.cff: title, version, date, license, authors, the documents reproduced.
        tier: of the results.
        snakemake: version of Snakemake that made them.
        configs: the config files of the run.
        results: what the run made.
    """
    cited = yaml.safe_load(citation)
    documents = [_document(reference) for reference in cited.get("references", [])]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{cited['title']}: results, {tier} tier",
        "description": "Figures, tables and verdicts on claims, with the code, config and package versions that made "
        "them; manifest-sha256.txt has the checksum of every file.",
        "datePublished": str(cited["date-released"]),
        "version": str(cited["version"]),
        "license": {"@id": f"https://spdx.org/licenses/{cited['license']}"},
        "author": {"@id": "#authors"},
        "conformsTo": {"@id": PROFILE},
        "mainEntity": {"@id": WORKFLOW},
        "mentions": {"@id": "#run"},
        "citation": _references(document["@id"] for document in documents),
        "hasPart": _references(map(quote, files)),
    }
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": PROFILE}],
        },
        root,
        *(_file(path, *what) for path, what in files.items()),
        _run(tier, configs, results),
        {"@id": "#authors", "@type": "Organization", "name": _authors(cited)},
        {"@id": "#snakemake", "@type": "ComputerLanguage", "name": "Snakemake", "version": snakemake}
        | {"identifier": {"@id": "https://snakemake.github.io"}, "url": {"@id": "https://snakemake.github.io"}},
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Workflow RO-Crate", "version": "1.0"},
        {"@id": f"https://spdx.org/licenses/{cited['license']}", "@type": "CreativeWork", "name": cited["license"]},
        *documents,
    ]
    return json.dumps({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}, indent=1) + "\n"


def _references(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"@id": name} for name in names]


def _file(path: str, digest: str, size: int) -> dict[str, Any]:
    suffix = f".{path.rsplit('.', 1)[-1]}" if "." in path else ""
    found = {"@id": quote(path), "@type": "File", "name": path, "contentSize": str(size), "sha256": digest}
    if suffix in FORMATS:
        found["encodingFormat"] = FORMATS[suffix]
    if path == WORKFLOW:
        types = ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
        found |= {"@type": types, "programmingLanguage": {"@id": "#snakemake"}}
    return found


def _run(tier: str, configs: Iterable[str], results: Iterable[str]) -> dict[str, Any]:
    return {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"snakemake all, {tier} tier",
        "instrument": {"@id": WORKFLOW},
        "object": _references(map(quote, configs)),
        "result": _references(map(quote, results)),
    }


def _document(reference: Mapping[str, Any]) -> dict[str, Any]:
    identifier = reference.get("url") or f"#{quote(reference['title'])}"
    return {"@id": identifier, "@type": "ScholarlyArticle", "name": reference["title"]}


def _authors(cited: Mapping[str, Any]) -> str:
    names = [
        author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()
        for author in cited["authors"]
    ]
    return ", ".join(names)
