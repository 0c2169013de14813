"""The start of every entry script: its log, the check of its inputs, and its job."""

import gc
import logging
import sys
from pathlib import Path
from typing import Any

from rectified.errors import InvalidInputError
from reproduction.config.errors import ConfigError
from reproduction.config.job import Job
from reproduction.runtime import malloc
from reproduction.storage import input_checks, store
from reproduction.storage.atomic_write import disk_full, means_full
from reproduction.storage.errors import DamagedFile, DiskFull, SetAside


def begin(snakemake: Any) -> tuple[Job, dict[str, list[str]], dict[str, str]]:
    """Start a job that computes; return the job, its input files by name, and the attributes of its results."""
    malloc.keep_freed_memory()
    start(snakemake)
    text = snakemake.params.job
    inputs = {name: list(files) for name, files in snakemake.input.items()}
    return Job.model_validate_json(text), inputs, store.provenance(snakemake.params.code, spec=text)


def start(snakemake: Any) -> None:
    """Start the log of a job and look at its inputs.

    Raises:
        SetAside: if an input is damaged or of another job.
    """
    gc.freeze()  # what was imported stays to the end: collecting it then takes a sixth of the time of a short job
    start_log(snakemake.log[0] if snakemake.log else None)
    input_checks.check(snakemake)


def start_log(path: str | None) -> None:
    """Send log lines with the time to a file, and errors there too; without a file, to the terminal."""
    sys.excepthook, sys.unraisablehook = _log_and_show, _log_only
    logging.raiseExceptions = False  # a log that finds no room on the disk stops nothing
    handler = logging.FileHandler(path, mode="w") if path else logging.StreamHandler()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=[handler], force=True
    )
    logging.getLogger("fontTools").setLevel(logging.WARNING)


def _log_and_show(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Log an error with its trace; show the sentence that it has for the user, or the trace if it has none."""
    log = logging.getLogger("rectified")
    if isinstance(error, KeyboardInterrupt):
        log.warning("interrupted")
        return
    log.error("stopped by an error", exc_info=(kind, error, trace))
    sentence = _sentence(error)
    if sentence:
        print(sentence, file=sys.stderr, flush=True)
    else:
        sys.__excepthook__(kind, error, trace)


def _log_only(unraisable: Any) -> None:
    logging.getLogger("rectified").warning("ignored while tidying up: %s", unraisable.exc_value)


def _sentence(error: BaseException) -> str:
    """What the user needs to know of an error; nothing if it is a mistake of ours."""
    if isinstance(error, DamagedFile):
        return input_checks.set_aside(error)
    if isinstance(error, (ConfigError, InvalidInputError, DiskFull, SetAside)):
        return str(error)
    return str(disk_full(Path(error.filename or "."))) if means_full(error) else ""
