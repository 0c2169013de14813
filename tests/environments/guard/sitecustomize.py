"""Restriction of a job to the packages of its own environment.

Snakemake appends its own packages to the path of every script, so that a package missing from an env file is silently
imported from there. Python loads this module at start-up because ``activate`` puts it on the path. From then on,
packages outside the environment are visible only to Snakemake and to the modules that Snakemake imports.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.metadata import DistributionFinder

PREFIX = os.path.realpath(sys.prefix)
MACHINERY = ("<frozen importlib", os.path.dirname(sys.modules["importlib"].__file__))


def foreign(path: str) -> bool:
    """Return True if a folder or file belongs to the packages of another environment."""
    return "-packages" in path and not os.path.realpath(path).startswith(PREFIX + os.sep)


def own_path() -> list[str]:
    return [entry for entry in sys.path if not foreign(entry)]


def importer() -> str:
    """Return the file with the import statement being executed."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_code.co_filename.startswith(MACHINERY):
        frame = frame.f_back
    return frame.f_code.co_filename


class OwnPackages(PathFinder):
    """Finder of modules that excludes foreign packages."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if path is not None or fullname.startswith("snakemake") or foreign(file := importer()):
            return PathFinder.find_spec(fullname, path, target)
        spec = PathFinder.find_spec(fullname, own_path(), target)
        if spec is None and not file.startswith((PREFIX, sys.base_prefix)) and PathFinder.find_spec(fullname):
            message = f"{os.path.basename(file)} imports {fullname}, which the env file of this rule does not name"
            raise ModuleNotFoundError(message, name=fullname)
        return spec

    @classmethod
    def find_distributions(cls, context=None):
        context = context or DistributionFinder.Context()
        own = [entry for entry in context.path if not foreign(entry)]
        return PathFinder.find_distributions(DistributionFinder.Context(name=context.name, path=own))


sys.meta_path[sys.meta_path.index(PathFinder)] = OwnPackages
