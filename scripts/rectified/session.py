"""What every entry script does first: read its job and set up its log."""

import logging
import sys
from typing import Any

from rectified import store
from rectified.spec import Job


def begin(snakemake: Any) -> tuple[Job, dict[str, str]]:
    """Start the log of a job; return the job and the attributes that its results carry."""
    start_log(snakemake.log[0] if snakemake.log else None)
    text = snakemake.params.job
    return Job.model_validate_json(text), store.provenance(snakemake.params.code, spec=text)


def start_log(path: str | None) -> None:
    """Send log lines with the time to a file, and errors there too; without a file, to the terminal."""
    handler = logging.FileHandler(path, mode="w") if path else logging.StreamHandler()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=[handler], force=True
    )
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    sys.excepthook = _log_and_show


def _log_and_show(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    logging.getLogger("rectified").error("stopped by an error", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
