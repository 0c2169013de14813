"""Installation of SLURM from Debian's packages."""

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = ["slurmctld", "slurmd", "slurm-client", "munge"]
POLICY = Path("/usr/sbin/policy-rc.d")
START_NOTHING = "#!/bin/sh\n# Written by the SLURM tests of rectified while they install packages.\nexit 101\n"
SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def install() -> None:
    """Install SLURM from Debian's packages if it is missing; start none of its services."""
    if all(shutil.which(program, path=SBIN) for program in ("slurmctld", "slurmd", "sbatch", "munged")):
        return
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    ours = not POLICY.exists() or POLICY.read_text(encoding="utf-8") == START_NOTHING  # left by a killed run
    if ours:
        POLICY.write_text(START_NOTHING, encoding="utf-8")
        POLICY.chmod(0o755)
    try:
        lock = ["-o", "DPkg::Lock::Timeout=300"]  # of an installation that goes on after its tests were killed
        subprocess.run(["apt-get", "-qq", "update"], **quiet)
        command = ["apt-get", "-qq", *lock, "install", "--yes", "--no-install-recommends", *PACKAGES]
        subprocess.run(command, env=environment, **quiet)
    finally:
        if ours:
            POLICY.unlink()
