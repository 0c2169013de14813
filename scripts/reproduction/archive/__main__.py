"""Command line of archives: ``python -m reproduction.archive make``, ``verify PATH`` or ``resolve``."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from reproduction.archive import build, verify
from reproduction.archive.safe_unzip import checksum
from reproduction.config import loading
from reproduction.config.errors import ConfigError
from reproduction.storage import code_digest
from reproduction.storage.errors import DiskFull


def main(arguments: Namespace) -> int:
    """Run a command; return 1 if an archive fails verification, else 0."""
    if arguments.command == "verify":
        return verify.print_report(arguments.path, arguments.run)
    if arguments.command == "resolve":
        return _resolve(arguments.configfile)
    return _make(arguments)


def _make(arguments: Namespace) -> int:
    """Write the archive; print what was left out, its size and its checksum."""
    target = arguments.output or Path(loading.read(arguments.configfile).results, "archive.zip")
    for sentence in build.make_archive(target, arguments.configfile, arguments.full):
        print(sentence)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, SHA-256 {checksum(target)}")
    return 0


def _resolve(layers: list[str]) -> int:
    """Print the resolved jobs of the project in the working folder, which need not be the project of this code."""
    code_digest.ROOT = Path.cwd() / "scripts"
    sys.stdout.buffer.write(build.resolved(loading.read(layers)))
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m reproduction.archive", description="Make or verify an archive of a run.")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="write the archive of the finished results")
    making.add_argument("--output", type=Path, help="default: archive.zip in the folder of results")
    making.add_argument("--full", action="store_true", help="include trained weights, fields and shards")
    checking = commands.add_parser("verify", help="check an archive and recompute one of its figures")
    checking.add_argument("path", type=Path)
    checking.add_argument("--run", action="store_true", help="run the archived code even if it differs from this code")
    resolving = commands.add_parser("resolve", help="print every job in full and the digests of the code")
    for command in (making, resolving):
        command.add_argument("--configfile", nargs="*", default=[], help="config files layered on config.yaml")
    return parser


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # of a locale without check marks
    try:
        sys.exit(main(_parser().parse_args()))
    except (ConfigError, DiskFull) as error:
        sys.exit(str(error))
