"""Servers of a model as tasks of a Slurm array: asked as one endpoint, begun again when lost, ended with the run."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from komainu.launch import open_context
from komainu.models.base import Model
from komainu.rows import Message
from komainu.settings import Endpoint, Settings, Slurm
from tests.sharded import ROOT, wait_for
from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm
TEACHER = Model(name="textbook", temperature=1.0, max_tokens=64)
START = ("{python}", "-m", "komainu.data.textbook.server", "--port", "{port}")


def servers(cluster: Cluster) -> list[int]:
    """The processes of the textbook's servers on the cluster."""
    ours = b"SLURM_CONF=" + bytes(cluster.conf)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            on_slurm = ours in (environment := (process / "environ").read_bytes().split(b"\0"))
            on_slurm = on_slurm and any(each.startswith(b"SLURM_ARRAY_TASK_ID=") for each in environment)
            if on_slurm and words[1:3] == [b"-m", b"komainu.data.textbook.server"]:
                found.append(int(process.name))
        except OSError:
            continue
    return sorted(found)


def test_two_servers_on_slurm_answer_as_one_here_and_a_lost_one_is_begun_again(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    prompts = [(Message("user", f"{i} + {i + 3} = ?"),) for i in range(40)]
    with open_context(Settings(store="here", endpoints={"textbook": Endpoint(start=START)})) as ctx:
        alone = [reply.text for reply in ctx.ask(TEACHER, prompts)]
    far = Endpoint(start=START, on="slurm", replicas=2, timeout=120)
    slurm = Slurm(poll=0.5, time="10:00", setup=("export KOMAINU_HOST=127.0.0.1",))
    with open_context(Settings(store="far", endpoints={"textbook": far}, slurm=slurm)) as ctx:
        assert [reply.text for reply in ctx.ask(TEACHER, prompts[:20])] == alone[:20]
        begun = servers(cluster)
        assert len(begun) == 2
        assert cluster.call("squeue", "--noheader", "--states=RUNNING").count("komainu-") == 2
        os.kill(begun[0], signal.SIGKILL)
        assert [reply.text for reply in ctx.ask(TEACHER, prompts[20:])] == alone[20:]
        assert len({*servers(cluster)} - {*begun}) == 1
    wait_for(lambda: not servers(cluster), "their end")
    assert [*Path("far/.servers").iterdir()] == []
    cluster.wait()
