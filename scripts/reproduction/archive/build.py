"""An archive of a run that a stranger can check: results, config, code, versions and checksums in one zip.

Unpacked, it is a project again: the code lies where it lay, results in ``results/``. Files at the top that are of the
archive alone: ``manifest-sha256.txt``, as ``sha256sum --check`` reads it; ``ro-crate-metadata.json``; ``archive.json``,
the config files and the versions; ``resolved.json``, every job in full and the digests of the code. The same results
give the same bytes: no times, a fixed order.

Typed as ``python -m reproduction.archive.build make`` or ``… verify PATH``; the Makefile has both.
"""

import json
import platform
import re
import subprocess
import sys
import zipfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from reproduction.archive import ro_crate, verify
from reproduction.archive.description import DESCRIPTION, LOCK, MANIFEST, RESOLVED, Description, pinned
from reproduction.archive.safe_unzip import checksum
from reproduction.config import loading
from reproduction.config.config import Config
from reproduction.config.errors import ConfigError
from reproduction.storage import code_digest
from reproduction.storage.atomic_write import write_atomically
from reproduction.storage.errors import DiskFull

FOLDERS = ("scripts", "workflow", "envs")
FILES = (
    *("Snakefile", "config.yaml", "Makefile", "pyproject.toml", "requirements.txt", "requirements-test.txt"),
    *("README.md", "CHANGELOG.md", "LICENSE", "CITATION.cff"),
)
SHOWN = (".parquet", ".pdf", ".csv", ".tex", ".html", ".md")  # of figures, tables, claims; pictures are there as PDF
DATA = (".parquet", ".nc", ".safetensors")
REPORTS = ("captions.json", "report.pdf", "report.html")
RECOMPUTED = ("deep_ritz", "fig3")  # seconds, from nothing
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip knows

Content = bytes | Path


def make(target: Path, layers: Iterable[str] = (), full: bool = False) -> list[str]:
    """Write the archive of the project in the working folder.

    Args:
        layers: config files on top of config.yaml, in their order.
        full: whether trained weights, fields and shards go in too.

    Returns:
        Sentences about what was left out.

    Raises:
        ConfigError: if config is not usable, or a result that it names is not there.
    """
    layers = [_inside(layer) for layer in layers]
    config = loading.read(layers)
    shown = exhibits(config)
    reports, stale = _reports(config, shown)
    results = sorted({*shown, *reports, *data_of_cases(config, full)})
    contents: dict[str, Content] = {name: Path(name) for name in {*code_files(), *layers, *results}}
    contents[RESOLVED] = resolved(config)
    contents[DESCRIPTION] = _json(_description(config, layers, full).model_dump())
    hashes = {name: checksum(contents[name]) for name in sorted(contents)}
    listed = {name: (found, _size(contents[name])) for name, found in hashes.items()}
    citation = Path("CITATION.cff").read_text()
    configs = [*loading.BASE, *layers]
    described = ro_crate.metadata(listed, citation, config.tier, version("snakemake"), configs, results)
    contents[ro_crate.METADATA] = described.encode()
    hashes[ro_crate.METADATA] = checksum(contents[ro_crate.METADATA])
    contents[MANIFEST] = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()
    write_atomically(target, lambda file: _write(file, contents))
    return [f"{name} is older than the results and was left out" for name in stale]


def _inside(path: str) -> str:
    """A config file by its place in the project."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        raise ConfigError(f"the config file {path} lies outside of the project; copy it there first") from None


def code_files() -> list[str]:
    """The code and config of the project: what git would keep of it, or all of it where there is no git."""
    wanted = [*FOLDERS, *FILES]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *wanted]
    if Path(".git").exists():
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    else:
        found = [*FILES, *(str(path) for folder in FOLDERS for path in Path(folder).rglob("*"))]
    return sorted(name for name in found if name and "__pycache__" not in name and Path(name).is_file())


def exhibits(config: Config) -> list[str]:
    """The files of all figures, tables and pages of claims.

    Raises:
        ConfigError: if one is not there.
    """
    stems = [
        *(
            f"{config.results}/figures/{document}/{name}"
            for document in config.figures
            for name in config.figures[document]
        ),
        *(
            f"{config.results}/tables/{document}/{name}"
            for document in config.tables
            for name in config.tables[document]
        ),
        *(f"{config.results}/claims/{document}" for document in config.decided_claims),
    ]
    for stem in stems:
        if not Path(f"{stem}.parquet").is_file():
            raise ConfigError(f"{stem}.parquet is not there; make all results first: snakemake --cores 8 all")
    return [f"{stem}{suffix}" for stem in stems for suffix in SHOWN if Path(f"{stem}{suffix}").is_file()]


def data_of_cases(config: Config, full: bool) -> list[str]:
    """The data of all cases, without what training leaves unless the archive is to be full."""
    folders = [f"{config.results}/{case.folder}" for case in config.all_cases] + [f"{config.results}/references"]
    files = [file for folder in folders for file in Path(folder).glob("[!.]*") if file.suffix in DATA]
    return [str(file) for file in files if full or not _is_trained(file.name)]


def _is_trained(name: str) -> bool:
    """Whether a file holds weights or fields of trained networks: large, and needed by no table or claim."""
    return name.endswith(".safetensors") or name == "fields.nc" or re.fullmatch(r"shard\d+\.nc", name) is not None


def _reports(config: Config, shown: list[str]) -> tuple[list[str], list[str]]:
    """The reports on these results, and those that are older than the results."""
    there = [f"{config.results}/{name}" for name in REPORTS if Path(config.results, name).is_file()]
    made_from = [name for name in shown if Path(name).parent != Path(config.results)]  # not the page of all claims
    newest = max(Path(name).stat().st_mtime for name in made_from)
    stale = [name for name in there if Path(name).stat().st_mtime < newest]
    return [name for name in there if name not in stale], stale


def resolved(config: Config) -> bytes:
    """Every job in full, and the digests of the code of every entry script, as JSON."""
    jobs = {case.folder: config.job(case.experiment, case.case).model_dump(mode="json") for case in config.all_cases}
    scripts = sorted(path.name for path in code_digest.ROOT.glob("*.py"))
    return _json({"tier": config.tier, "jobs": jobs, "code": {script: code_digest.code(script) for script in scripts}})


def _description(config: Config, layers: list[str], full: bool) -> Description:
    document, name = RECOMPUTED
    entry = config.figures.get(document, {}).get(name)
    folders = [f"{config.results}/{case.folder}" for case in config.select(entry.data)] if entry else []
    files = sorted(str(file) for folder in folders for file in Path(folder).glob("[!.]*") if file.suffix in DATA)
    figure = f"{config.results}/figures/{document}/{name}.parquet"
    return Description(
        configfiles=layers,
        full=full,
        machine=platform.machine(),
        python=platform.python_version(),
        packages=_installed(Path(LOCK).read_text()),
        recomputable=[figure, *files] if entry else [],
    )


def _installed(lock: str) -> dict[str, str]:
    """The version in which each package of a lock file is installed here."""
    return {name: _version(name) for name in pinned(lock)}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _write(target: Path, contents: Mapping[str, Content]) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(contents, key=lambda name: (name != ro_crate.METADATA, name)):
            content = contents[name]
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = (
                0o755 if isinstance(content, Path) and content.stat().st_mode & 0o100 else 0o644
            ) << 16
            archive.writestr(info, content if isinstance(content, bytes) else content.read_bytes())


def main(arguments: Namespace) -> int:
    """Do what was typed; 1 if an archive is not what it should be."""
    if arguments.command == "resolve":  # the working folder is that of an archive, the code is not
        code_digest.ROOT = Path.cwd() / "scripts"
        sys.stdout.buffer.write(resolved(loading.read(arguments.configfile)))
        return 0
    if arguments.command == "verify":
        return verify.report(arguments.path, arguments.run)
    target = arguments.output or Path(loading.read(arguments.configfile).results, "archive.zip")
    for sentence in make(target, arguments.configfile, arguments.full):
        print(sentence)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, SHA-256 {checksum(target)}")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m reproduction.archive.build", description="Make or verify an archive of a run."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="write the archive of the results that are there")
    making.add_argument("--output", type=Path, help="default: archive.zip in the folder of results")
    making.add_argument("--full", action="store_true", help="with trained weights, fields and shards")
    checking = commands.add_parser("verify", help="check an archive and recompute a figure of it")
    checking.add_argument("path", type=Path)
    checking.add_argument("--run", action="store_true", help="run the archived code although it is not that of here")
    resolving = commands.add_parser("resolve", help="print every job in full and the digests of the code")
    for command in (making, resolving):
        command.add_argument("--configfile", nargs="*", default=[], help="config files on top of config.yaml")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main(_parser().parse_args()))
    except (ConfigError, DiskFull) as error:
        sys.exit(str(error))
