"""The `slurm` mark: tests on four real Slurm nodes, started here on loopback (`make test-slurm`)."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from komainu.models.local import free_port

NODES = 4
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "munged")
CONF = """
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmdTimeout=10
KillWait=10
Waittime=0
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=node[1-{nodes}] NodeAddr=127.0.0.1 NodeHostname=localhost Port=[{first}-{last}] CPUs=2 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=20
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=9 PreemptMode=OFF
"""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slurm: starts four Slurm nodes on this machine (Debian: slurm-wlm, munge)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lacking = [name for name in PROGRAMS if program(name) is None]
    why = "" if "slurm" in config.option.markexpr else "only with -m slurm (`make test-slurm`)"
    why = why or (f"there is no {lacking[0]}: install slurm-wlm and munge" if lacking else "")
    for item in items:
        if why and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=why))


def program(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


class Cluster:
    """Four nodes under one folder; each can be killed and brought back."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.conf = folder, folder / "slurm.conf"
        first = free_port()
        values = {"user": getpass.getuser(), "port": free_port(), "folder": folder, "nodes": NODES}
        self.conf.write_text(CONF.format(**values, first=first, last=first + NODES - 1))
        for name in ("state", *(f"spool/node{n}" for n in range(1, NODES + 1))):
            (folder / name).mkdir(parents=True)
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        files = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munged.pid"}
        files |= {"log-file": folder / "munged.log", "seed-file": folder / "munge.seed"}
        self.call("munged", "--force", *(f"--{name}={path}" for name, path in files.items()))
        self.call("slurmctld", "-f", str(self.conf))
        for n in range(1, NODES + 1):
            self.start(f"node{n}")

    def call(self, name: str, *words: str) -> str:
        path = program(name)
        assert path is not None
        done = subprocess.run([path, *words], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def start(self, node: str) -> None:
        self.call("slurmd", "-N", node, "-f", str(self.conf))

    def kill(self, node: str) -> None:
        """Let a node die: its daemon and what it runs are gone without a word."""
        os.kill(int((self.folder / f"{node}.pid").read_text()), signal.SIGKILL)

    def wait(self) -> None:
        """Until all nodes are idle."""
        for _ in range(300):
            if self.call("sinfo", "--noheader", "--format=%T").split() == ["idle"]:
                return
            time.sleep(0.2)
        raise AssertionError(self.call("sinfo", "--Node", "--long"))

    def close(self) -> None:
        for name in (*(f"node{n}" for n in range(1, NODES + 1)), "slurmctld", "munged"):
            try:
                os.kill(int((self.folder / f"{name}.pid").read_text()), signal.SIGTERM)
            except (OSError, ValueError):
                continue


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("slurm")
    folder.chmod(0o755)
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    made = Cluster(folder)
    try:
        made.wait()
        yield made
    finally:
        made.close()
        if before is None:
            del os.environ["SLURM_CONF"]
        else:
            os.environ["SLURM_CONF"] = before
