"""The start of every entry script: its log, the check of its inputs, and its job."""

import logging
import sys
from functools import partial
from pathlib import Path
from typing import Any

from rectified.errors import InvalidInputError
from reproduction.config.errors import ConfigError
from reproduction.config.job import Job
from reproduction.runtime import malloc, start_up
from reproduction.storage import input_checks, store
from reproduction.storage.atomic_write import disk_full, means_full
from reproduction.storage.errors import DamagedFile, DiskFull, SetAside


def begin(snakemake: Any) -> tuple[Job, dict[str, list[str]], dict[str, str]]:
    """Start a job that computes; return the job, its input files by name, and the attributes of its results."""
    malloc.keep_freed_memory()
    start(snakemake)
    text = snakemake.params.job
    job = Job.model_validate_json(text)
    sys.excepthook = partial(_log_and_show, where=f"experiments.{job.experiment} (case {job.case})")
    inputs = {name: list(files) for name, files in snakemake.input.items()}
    return job, inputs, store.provenance(snakemake.params.code, spec=text)


def start(snakemake: Any) -> None:
    """Start the log of a job and check its inputs.

    Raises:
        SetAside: if an input is damaged or belongs to another job.
    """
    start_up.finish()
    start_log(snakemake.log[0] if snakemake.log else None)
    input_checks.check(snakemake)


def start_log(path: str | None) -> None:
    """Log to a file, errors included; without a file, to the terminal."""
    sys.excepthook, sys.unraisablehook = _log_and_show, _log_only
    logging.raiseExceptions = False  # a full disk stops the log, not the job
    handler = logging.FileHandler(path, mode="w", encoding="utf-8") if path else logging.StreamHandler()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=[handler], force=True
    )
    logging.getLogger("fontTools").setLevel(logging.WARNING)


def _log_and_show(kind: type[BaseException], error: BaseException, trace: Any, where: str = "") -> None:
    """Log an error with its trace; show its message to the user, or the trace of an internal error.

    Args:
        where: the key of config that an error of the library is about.
    """
    log = logging.getLogger("rectified")
    if isinstance(error, KeyboardInterrupt):
        log.warning("interrupted")
        return
    log.error("stopped by an error", exc_info=(kind, error, trace))
    message = _message(error, where)
    if message:
        print(message, file=sys.stderr, flush=True)
    else:
        sys.__excepthook__(kind, error, trace)


def _log_only(unraisable: Any) -> None:
    logging.getLogger("rectified").warning("ignored during cleanup: %s", unraisable.exc_value)


def _message(error: BaseException, where: str) -> str:
    """The message of an error that concerns the user; empty for an internal error."""
    if isinstance(error, DamagedFile):
        return input_checks.set_aside(error)
    if isinstance(error, InvalidInputError):
        return f"{where}: {error}" if where else str(error)
    if isinstance(error, (ConfigError, DiskFull, SetAside)):
        return str(error)
    return str(disk_full(Path(error.filename or "."))) if means_full(error) else ""
