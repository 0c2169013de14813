"""Archives of a run: results, config, code, versions and checksums in one zip file.

An unpacked archive is a project again: the code is in its place and the results are in ``results/``. The top folder has
four more files: ``manifest-sha256.txt``, in the format of ``sha256sum --check``; ``ro-crate-metadata.json``;
``archive.json``, with the config files and versions; ``resolved.json``, with every job in full and the digests of the
code. The same results give the same bytes: no times, fixed order.
"""

import json
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reproduction.archive import contents, ro_crate
from reproduction.archive.description import DESCRIPTION, MANIFEST, RESOLVED, describe
from reproduction.archive.safe_unzip import checksum
from reproduction.config import loading
from reproduction.config.config import Config
from reproduction.config.errors import ConfigError
from reproduction.storage import code_digest
from reproduction.storage.atomic_write import write_atomically

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that zip can store

Content = bytes | Path


def make_archive(target: Path, layers: Iterable[str] = (), full: bool = False) -> list[str]:
    """Write the archive of the project in the working folder.

    Args:
        target: path of the zip file.
        layers: config files layered on config.yaml, in order.
        full: whether to include trained weights, fields and shards.

    Returns:
        A sentence for each file that was left out.

    Raises:
        ConfigError: if the config is invalid, or one of its results is missing.
    """
    layers = [_inside(layer) for layer in layers]
    config = loading.read(layers)
    shown = contents.exhibits(config)
    reports, stale = contents.reports(config, shown)
    results = sorted({*shown, *reports, *contents.data_of_cases(config, full)})
    files: dict[str, Content] = {name: Path(name) for name in {*contents.code_files(), *layers, *results}}
    files[RESOLVED] = resolved(config)
    files[DESCRIPTION] = _json(describe(layers, full, contents.recomputable(config)).model_dump())
    hashes = {name: checksum(files[name]) for name in sorted(files)}
    files[ro_crate.METADATA] = _crate(files, hashes, config.tier, layers, results)
    hashes[ro_crate.METADATA] = checksum(files[ro_crate.METADATA])
    files[MANIFEST] = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()
    write_atomically(target, lambda file: _write(file, files))
    return [f"{name} is older than the results and was left out" for name in stale]


def _inside(path: str) -> str:
    """Return the path of a config file relative to the project."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        raise ConfigError(f"the config file {path} lies outside of the project; copy it there first") from None


def resolved(config: Config) -> bytes:
    """Return every job in full and the digests of all code, as JSON."""
    jobs = {case.folder: config.job(case.experiment, case.case).model_dump(mode="json") for case in config.all_cases}
    return _json({"tier": config.tier, "jobs": jobs, "code": code_digest.every_file()})


def _crate(
    files: Mapping[str, Content], hashes: Mapping[str, str], tier: str, layers: list[str], results: list[str]
) -> bytes:
    """Return the RO-Crate metadata of these files."""
    listed = {name: ro_crate.Digest(digest, _size(files[name])) for name, digest in hashes.items()}
    run = ro_crate.WorkflowRun(tier, version("snakemake"), [*loading.BASE, *layers], results)
    return ro_crate.metadata(listed, Path("CITATION.cff").read_text(encoding="utf-8"), run).encode()


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _write(target: Path, files: Mapping[str, Content]) -> None:
    """Write the zip file, the RO-Crate metadata first."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files, key=lambda name: (name != ro_crate.METADATA, name)):
            content = files[name]
            executable = isinstance(content, Path) and content.stat().st_mode & 0o100
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = (0o755 if executable else 0o644) << 16
            archive.writestr(info, content if isinstance(content, bytes) else content.read_bytes())
