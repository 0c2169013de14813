"""Stand-in for conda without access to a channel: builds an env file as a virtual environment from PyPI.

It supports only the calls that Snakemake makes. Together with ``guard/`` it shows that a rule needs no package outside
its env file. It does not test conda-forge: neither the availability of these builds nor their results.
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ON_PYPI = {"pytorch": "torch"}
PIN = re.compile(r"(?P<name>[a-z0-9_-]+) =(?P<version>[0-9][0-9.]*)")
PYPI_PIN = re.compile(r"(?P<name>[a-z0-9_-]+)==(?P<version>[0-9][0-9.]*)")
ANSWERS = {
    ("--version",): "conda 24.7.1",
    ("info", "--json"): json.dumps({"conda_prefix": str(HERE), "platform": "linux-64"}),
    ("clean", "-y", "--tarballs"): "",
    ("config", "--get", "channel_priority", "--json"): json.dumps({"get": {"channel_priority": "strict"}}),
}


@dataclass(frozen=True)
class EnvFile:
    """Contents of an env file.

    Attributes:
        channels: where conda looks for packages.
        python: the version of Python.
        packages: name on PyPI → version, from conda or PyPI.
        pip: the version of pip that installs packages from PyPI; None if it is not listed.
    """

    channels: list[str]
    python: str
    packages: dict[str, str]
    pip: str | None = None


def read(path: str | Path) -> EnvFile:
    """Read an env file.

    Raises:
        ValueError: if a package is not pinned, or if Python or a required pip is missing.
    """
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    sections = [line["pip"] for line in content["dependencies"] if isinstance(line, dict) and [*line] == ["pip"]]
    from_pypi = dict(_pin(path, line, PYPI_PIN, "name==version") for section in sections for line in section)
    pins = dict(_pin(path, line) for line in content["dependencies"] if not (sections and isinstance(line, dict)))
    if "python" not in pins:
        raise ValueError(f"{path}: python is missing")
    python = pins.pop("python")
    pip = pins.pop("pip", None)
    if from_pypi and not pip:
        raise ValueError(f"{path}: names packages of PyPI and no pip to install them")
    packages = {ON_PYPI.get(name, name): pins[name] for name in pins} | from_pypi
    return EnvFile(content["channels"], python, packages, pip)


def _pin(path: str | Path, line: object, pattern: re.Pattern = PIN, form: str = "name =version") -> tuple[str, str]:
    match = pattern.fullmatch(str(line))
    if not match:
        raise ValueError(f"{path}: {line!r} is no pin; write {form!r}")
    return match["name"], match["version"]


def create(file: str, prefix: str) -> None:
    """Build the environment of an env file in a folder."""
    wanted = read(file)
    here = "{}.{}".format(*sys.version_info)
    if wanted.python != here:
        raise ValueError(f"{file}: requires python {wanted.python}; this is python {here}")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    pins = [f"{name}=={version}" for name, version in wanted.packages.items()]
    pip = [sys.executable, "-m", "pip", "--python", f"{prefix}/bin/python", "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, *pins], check=True)


def main(arguments: list[str]) -> None:
    """Handle one call as conda would."""
    if tuple(arguments) in ANSWERS:
        print(ANSWERS[tuple(arguments)])
        return
    if arguments[:2] != ["env", "create"]:
        raise ValueError(f"unsupported arguments: {arguments}")
    options = argparse.ArgumentParser(prog="conda env create")
    options.add_argument("--file", required=True)
    options.add_argument("--prefix", required=True)
    for ignored in ("--quiet", "--no-default-packages"):
        options.add_argument(ignored, action="store_true")
    asked = options.parse_args(arguments[2:])
    create(asked.file, asked.prefix)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit(f"conda stand-in: {error}")
