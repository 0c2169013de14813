"""Comparison of the results of two runs: `compare.py FOLDER FOLDER`; exits with an error if data differ.

Files with the same bytes are equal. Of other files, data and attributes are compared, except for the versions, which
include the patch version of Python.
"""

import sys
from pathlib import Path

import numpy as np

from reproduction.storage import store

KINDS = {".nc", ".parquet", ".safetensors", ".csv", ".tex", ".html", ".md", ".pdf", ".png"}


def results(folder: Path) -> dict[str, Path]:
    """Return all results except logs and timings, by path."""
    return {str(file.relative_to(folder)): file for file in folder.glob("results/**/*") if file.suffix in KINDS}


def same_data(one: Path, other: Path) -> bool:
    """Return True if two files have the same data and attributes, except for the versions."""
    match one.suffix:
        case ".nc":
            left, right = store.read_arrays(one), store.read_arrays(other)
            return left.equals(right) and _attributes(left.attrs) == _attributes(right.attrs)
        case ".parquet":
            left, right = store.read_table(one), store.read_table(other)
            return left.equals(right) and _attributes(left.attrs) == _attributes(right.attrs)
        case ".safetensors":
            (left, about_left), (right, about_right) = store.read_tensors(one), store.read_tensors(other)
            same = left.keys() == right.keys() and all(np.array_equal(left[k], right[k], equal_nan=True) for k in left)
            return same and _attributes(about_left) == _attributes(about_right)
    return False


def _attributes(attributes: dict) -> dict:
    return {name: value for name, value in attributes.items() if name != "versions"}


def main(inside: Path, outside: Path) -> None:
    """Print the number of files with the same bytes and with the same data; exit with an error if any differ."""
    ours, theirs = results(inside), results(outside)
    if not ours or ours.keys() != theirs.keys():
        sys.exit(f"not the same files: {sorted(ours.keys() ^ theirs.keys())[:10]}")
    other_bytes = [name for name in ours if ours[name].read_bytes() != theirs[name].read_bytes()]
    other_data = [name for name in other_bytes if not same_data(ours[name], theirs[name])]
    equal = len(ours) - len(other_bytes)
    print(f"{len(ours)} files: {equal} of the same bytes, {len(other_bytes) - len(other_data)} more of the same data")
    if other_data:
        sys.exit("different: " + ", ".join(other_data[:10]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
