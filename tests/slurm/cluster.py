"""Local SLURM cluster of two nodes on the loopback interface: a CPU partition, and one with a simulated GPU.

All files are written to one folder. The only changes to the system are Debian's packages, installed if they are
missing, and links to the configuration where SLURM's programs look for it, which exist while the cluster runs. A record
beside the links names the cluster, so that the next one takes it down if its tests were killed.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import record
from packages import SBIN

NODES = {"cpu": "cpu01", "gpu": "gpu01"}
CPUS, MEGABYTES = 4, 4000
LINKS = [Path("/etc/slurm", name) for name in ("slurm.conf", "gres.conf")]

CONFIGURATION = """
ClusterName={name}
SlurmctldHost={host}(127.0.0.1)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobRequeue=1
ReturnToService=2
SlurmdTimeout=10
InactiveLimit=0
KillWait=2
MinJobAge=1200
GresTypes=gpu
NodeName=cpu01 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs={cpus} RealMemory={megabytes}
NodeName=gpu01 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs={cpus} RealMemory={megabytes} Gres=gpu:1
PartitionName=cpu Nodes=cpu01 Default=YES MaxTime=1-00:00:00 State=UP
PartitionName=gpu Nodes=gpu01 MaxTime=1-00:00:00 State=UP
"""
GPUS = """
AutoDetect=off
NodeName=gpu01 Name=gpu File=/dev/null
"""


class Cluster:
    """SLURM daemons whose files are in one folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.name = "test" + hashlib.sha256(str(folder).encode()).hexdigest()[:8]
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}  # identifies its processes
        self.processes: list[psutil.Process] = []

    def start(self) -> None:
        """Start munge, the controller and both nodes.

        Raises:
            RuntimeError: if the machine has another SLURM, if other tests run it, or if the nodes do not start; the
                message then contains the log of the controller.
        """
        remove_leftovers()
        self._write_record()
        host, ports = socket.gethostname().split(".")[0], free_ports(3)
        for folder in ("state", "spool.cpu01", "spool.gpu01"):
            (self.folder / folder).mkdir(parents=True)
        text = CONFIGURATION.format(
            name=self.name, host=host, ports=ports, folder=self.folder, cpus=CPUS, megabytes=MEGABYTES
        )
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text(GPUS)
        self._link_configuration()
        self._start_munge()
        self._start(shutil.which("slurmctld", path=SBIN), pid="slurmctld.pid")
        for node in NODES.values():
            self.start_node(node)
        if not wait(lambda: self.states() == dict.fromkeys(NODES.values(), "idle"), seconds=60):
            raise RuntimeError(f"nodes are {self.states()}\n{(self.folder / 'slurmctld.log').read_text()[-3000:]}")

    def start_node(self, node: str) -> None:
        self._start(shutil.which("slurmd", path=SBIN), "-N", node, pid=f"slurmd.{node}.pid")

    def lose_node(self, node: str) -> None:
        """Kill the daemon and all processes of a node; wait until SLURM reports it as down."""
        jobs = self.run("squeue", "--noheader", f"--nodelist={node}", "--format=%i").split()
        steps = [step for step in self._steps() if any(f"[{job}." in " ".join(step.cmdline()) for job in jobs)]
        daemon = psutil.Process(int((self.folder / f"slurmd.{node}.pid").read_text()))
        lost = [daemon, *(one for step in steps for one in [*step.children(recursive=True), step])]
        for process in lost:
            process.kill()
        psutil.wait_procs(lost, timeout=10)
        self.run("scontrol", "update", f"nodename={node}", "state=down", "reason=lost")
        assert wait(lambda: self.states()[node].startswith("down"), seconds=20)

    def bring_back(self, node: str) -> None:
        """Restart a lost node; wait until SLURM reports it as idle."""
        self.start_node(node)
        self.run("scontrol", "update", f"nodename={node}", "state=resume")
        assert wait(lambda: self.states()[node] == "idle", seconds=30)

    def states(self) -> dict[str, str]:
        """Return the state of each node, such as idle, mixed or down."""
        lines = self.run("sinfo", "--noheader", "--Node", "--format", "%N %T").splitlines()
        return dict(line.split() for line in lines)

    def run(self, *command: str) -> str:
        """Run a SLURM command; return its output."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True).stdout

    def stop(self) -> None:
        """Stop all jobs, then all daemons, and remove the links and the record."""
        if self.processes:
            self.run("scancel", f"--user={os.geteuid()}")
            wait(lambda: not self._steps(), seconds=20)
        daemons = [process for process in reversed(self.processes) if process.is_running()]
        for daemon in daemons:
            daemon.terminate()
        psutil.wait_procs(daemons, timeout=10)
        left = self.left()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=10)
        for link in LINKS:
            if link.is_symlink() and link.readlink().is_relative_to(self.folder):
                link.unlink()
        record.remove(self.folder)

    def left(self) -> list[psutil.Process]:
        """Return the processes that this cluster started on this machine: its daemons and their jobs."""
        return [process for process in psutil.process_iter() if self._started(process)] + self._steps()

    def _steps(self) -> list[psutil.Process]:
        """Return the managers of job steps; their environment is hidden, but their open log is in the folder."""
        return [process for process in psutil.process_iter() if self._manages(process)]

    def _manages(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            if process.name().startswith("slurmstepd"):
                return any(file.path.startswith(f"{self.folder}/") for file in process.open_files())
        return False

    def _started(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            environment = process.environ()
            ours = environment.get("SLURM_CONF") == self.environment["SLURM_CONF"]
            return ours or environment.get("SLURM_CLUSTER_NAME") == self.name
        return False

    def _link_configuration(self) -> None:
        """Create links where SLURM's programs look, because job steps know no other location."""
        for link in LINKS:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(self.folder / link.name)

    def _write_record(self) -> None:
        daemons = [record.identity(process.pid) for process in self.processes if process.is_running()]
        record.Record(str(self.folder), record.identity(os.getpid()), daemons).write()

    def _start(self, *command: str, pid: str) -> None:
        (self.folder / pid).unlink(missing_ok=True)
        subprocess.run(command, env=self.environment, check=True, capture_output=True, cwd=self.folder)
        assert wait(lambda: (self.folder / pid).exists() and (self.folder / pid).read_text().strip(), seconds=20)
        self.processes.append(psutil.Process(int((self.folder / pid).read_text())))
        self._write_record()

    def _start_munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        files = [f"--{what}-file={self.folder}/munge.{what}" for what in ("key", "pid", "log", "seed")]
        self._start(
            shutil.which("munged", path=SBIN),
            f"--socket={self.folder}/munge.socket",
            *files,
            "--force",
            pid="munge.pid",
        )


def remove_leftovers() -> None:
    """Take down the cluster of killed tests.

    Raises:
        RuntimeError: if tests of another process run a cluster, or if the machine has a SLURM that is not of tests.
    """
    known = record.read()
    if known and record.living(known.owner):
        raise RuntimeError(f"process {known.owner[0]} runs these tests on this machine; wait until it ends")
    if known:
        killed = Cluster(Path(known.folder))
        killed.processes = [process for process in map(record.living, known.daemons) if process]
        killed.stop()
    for link in LINKS:
        if os.path.lexists(link):
            raise RuntimeError(f"{link} exists: this machine has its own SLURM, which the tests must not disturb")


def wait(until, seconds: float) -> bool:
    """Wait until a condition holds; return False if it does not within the time limit."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if until():
            return True
        time.sleep(0.2)
    return bool(until())


def free_ports(number: int) -> list[int]:
    """Return unused ports of the loopback interface."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
