"""The files of an archive: code, config, figures, tables, claims, reports, and the data of cases."""

import os
import re
import subprocess
from pathlib import Path

from reproduction.config.config import Config
from reproduction.config.errors import ConfigError

FOLDERS = ("scripts", "workflow", "envs")
FILES = (
    *("Snakefile", "config.yaml", "Makefile", "pyproject.toml", "requirements.txt", "requirements-test.txt"),
    *("README.md", "CHANGELOG.md", "LICENSE", "CITATION.cff"),
)
EXHIBIT_SUFFIXES = (".parquet", ".pdf", ".csv", ".tex", ".html", ".md")  # no PNG: the PDF is there
DATA_SUFFIXES = (".parquet", ".nc", ".safetensors")
REPORTS = ("captions.json", "report.pdf", "report.html")
RECOMPUTED_FIGURE = ("deep_ritz", "fig3")  # computed from scratch in seconds


def code_files() -> list[str]:
    """List the code and config of the project: the files that git tracks, or all files where there is no git."""
    wanted = [*FOLDERS, *FILES]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *wanted]
    if Path(".git").exists():
        found = os.fsdecode(subprocess.run(command, capture_output=True, check=True).stdout).split("\0")
    else:
        found = [*FILES, *(str(path) for folder in FOLDERS for path in Path(folder).rglob("*"))]
    return sorted(name for name in found if name and "__pycache__" not in name and Path(name).is_file())


def exhibits(config: Config) -> list[str]:
    """List the files of all figures, tables and pages of claims.

    Raises:
        ConfigError: if one is missing.
    """
    stems = [
        *(f"figures/{document}/{name}" for document in config.figures for name in config.figures[document]),
        *(f"tables/{document}/{name}" for document in config.tables for name in config.tables[document]),
        *(f"claims/{document}" for document in config.claims),
    ]
    paths = [f"{config.results}/{stem}" for stem in stems]
    for path in paths:
        if not Path(f"{path}.parquet").is_file():
            raise ConfigError(f"{path}.parquet is missing; compute all results first: snakemake --cores 8 all")
    return [f"{path}{suffix}" for path in paths for suffix in EXHIBIT_SUFFIXES if Path(f"{path}{suffix}").is_file()]


def data_of_cases(config: Config, full: bool) -> list[str]:
    """List the data files of all cases; weights, fields and shards of trained networks only if ``full``."""
    folders = [f"{config.results}/{case.folder}" for case in config.all_cases] + [f"{config.results}/references"]
    return [name for name in _data_files(folders) if full or not _is_trained(Path(name).name)]


def _data_files(folders: list[str]) -> list[str]:
    """List the data files in these folders; hidden files are temporary."""
    files = [file for folder in folders for file in Path(folder).glob("[!.]*")]
    return [str(file) for file in files if file.suffix in DATA_SUFFIXES]


def _is_trained(name: str) -> bool:
    """Return whether a file holds weights or fields of trained networks: large, and read by no table or claim."""
    return name.endswith((".safetensors", "fields.nc")) or re.match(r"(shard|seeds)\d+\.", name) is not None


def reports(config: Config, shown: list[str]) -> tuple[list[str], list[str]]:
    """List the reports that are up to date with the exhibits, and those that are older."""
    present = [f"{config.results}/{name}" for name in REPORTS if Path(config.results, name).is_file()]
    sources = [name for name in shown if Path(name).parent != Path(config.results)]
    newest = max(Path(name).stat().st_mtime for name in sources)
    stale = [name for name in present if Path(name).stat().st_mtime < newest]
    return [name for name in present if name not in stale], stale


def recomputable(config: Config) -> list[str]:
    """List the data of the figure that verification recomputes and of its cases; empty if config has no such figure."""
    document, name = RECOMPUTED_FIGURE
    entry = config.figures.get(document, {}).get(name)
    if not entry:
        return []
    folders = [f"{config.results}/{case.folder}" for case in config.select(entry.data)]
    return [f"{config.results}/figures/{document}/{name}.parquet", *sorted(_data_files(folders))]
