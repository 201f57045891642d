"""Work in other processes: what Slurm is given and answers, and processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from komainu.cluster import queue, slurm, slurm_array
from komainu.cluster.arrays import replicas, shards
from komainu.cluster.base import Fate, Place, Work, last_object, place
from komainu.cluster.here import Here
from komainu.cluster.queue import Seen, Unheard, of_sacct, of_sinfo, of_squeue
from komainu.cluster.sbatch import render
from komainu.cluster.slurm import SlurmQueue, judge
from komainu.cluster.slurm_array import SlurmArray, ranges
from komainu.cluster.slurm_array import of_squeue as of_array
from komainu.errors import JobFailed, UsageError
from komainu.settings import Data, Endpoint, Settings, Slurm

ROOT = Path(__file__).parents[2]
EVERYTHING = Slurm(
    partition="gpu",
    account="lab 7",
    qos="high",
    time="24:00:00",
    nodes=2,
    gpus=4,
    cpus=12,
    memory="500G",
    warn=300,
    lines=("#SBATCH --exclusive",),
    setup=("module load cuda",),
)
SCRIPT = """\
#!/bin/bash
#SBATCH --job-name=sft-1
#SBATCH --partition=gpu
#SBATCH --account='lab 7'
#SBATCH --qos=high
#SBATCH --time=24:00:00
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=12
#SBATCH --mem=500G
#SBATCH --output=/a/ranks.log
#SBATCH --open-mode=append
#SBATCH --signal=USR1@300
#SBATCH --requeue
#SBATCH --exclusive

echo "job $SLURM_JOB_ID on $SLURM_JOB_NODELIST, restart ${SLURM_RESTART_COUNT:-0}"
export MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
module load cuda
rm -f /a/again /a/stopped
srun --kill-on-bad-exit=1 python -c 'print("a b")'
code=$?
if [ -e /a/again ]; then scontrol requeue "$SLURM_JOB_ID"; sleep 3600; fi
if [ -e /a/stopped ]; then sleep 3600; fi  # a preempted job that ends by itself is not requeued
exit $code
"""


def work(folder: Path, *argv: str, tasks: int = 1) -> Work:
    return Work("sft-1", folder, argv, folder / "result", tasks)


def python(folder: Path, code: str, tasks: int = 2) -> Work:
    return work(folder, sys.executable, "-c", code, tasks=tasks)


def test_the_script_is_this() -> None:
    assert render(work(Path("/a"), "python", "-c", 'print("a b")', tasks=8), EVERYTHING) == SCRIPT


def test_without_settings_the_script_asks_for_nothing_but_a_task() -> None:
    script = render(work(Path("/a"), "x"), Slurm(requeue=False))
    asked = [line for line in script.splitlines() if line.startswith("#SBATCH")]
    assert [line.split("--")[1].split("=")[0] for line in asked] == [
        "job-name", "nodes", "ntasks-per-node", "output", "open-mode", "no-requeue",
    ]  # fmt: skip
    assert "scontrol requeue" not in script


def test_the_script_is_bash(tmp_path: Path) -> None:
    script = render(work(tmp_path / "it's", "a 'b'", "$c", tasks=2), EVERYTHING)
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_ranks_that_do_not_divide_into_the_nodes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"\[train\] 3 ranks do not divide into the 2 nodes of \[slurm\]"):
        render(work(Path("/a"), "x", tasks=3), EVERYTHING)


ARGV = ("python", "-c", 'print("a b")')
ARRAY = """\
#!/bin/bash
#SBATCH --job-name=komainu-shards-1
#SBATCH --array=0-2,7%20
#SBATCH --partition=cpu
#SBATCH --time=1:00:00
#SBATCH --ntasks=1
#SBATCH --output=/a/logs/%a.log
#SBATCH --requeue

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
exec python -c 'print("a b")' "$SLURM_ARRAY_TASK_ID"
"""


def array(data: Data) -> SlurmArray:
    made = shards(Settings(slurm=EVERYTHING, data=structs.replace(data, on="slurm")), Path("/a"), "1", ARGV)
    assert isinstance(made, SlurmArray)
    return made


def test_the_script_of_an_array_is_this_and_bash() -> None:
    script = array(Data(slurm=Slurm(partition="cpu", time="1:00:00"), at_once=20)).script([7, 0, 1, 2])
    assert script == ARRAY
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_shards_ask_for_what_a_training_job_does_but_for_nodes_and_gpus() -> None:
    script = array(Data()).script([0])
    assert "--account='lab 7'" in script and "module load cuda" in script and "--cpus-per-task=12" in script
    assert not any(word in script for word in ("--nodes", "gpus", "USR1", "srun"))


def test_servers_on_slurm_are_an_array_with_the_gpus_of_the_endpoint(tmp_path: Path) -> None:
    endpoint = Endpoint(start=("vllm", "serve", "--port", "{port}"), on="slurm", replicas=3, gpus=2)
    made = replicas(Settings(store=str(tmp_path), slurm=EVERYTHING), endpoint, "teacher").array
    assert isinstance(made, SlurmArray)
    script = made.script(range(3))
    assert "--array=0-2\n" in script and "--gpus=2" in script and "--partition=gpu" in script
    assert "komainu.cluster.replica" in script and "vllm serve --port '{port}' \"$SLURM_ARRAY_TASK_ID\"" in script
    with pytest.raises(UsageError, match=r"`start` must hold \{port\}"):
        replicas(Settings(), Endpoint(start=("vllm",), on="ray"), "teacher")


@given(st.sets(st.integers(0, 40), min_size=1))
def test_numbers_of_an_array_are_written_so_that_slurm_reads_them(numbers: set[int]) -> None:
    read: list[int] = []
    for part in ranges([*numbers]).split(","):
        first, _, last = part.partition("-")
        read += range(int(first), int(last or first) + 1)
    assert read == sorted(numbers)


def test_the_newest_task_of_a_number_counts_and_one_that_lives_before_all(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [("7", "0", "FAILED", "9", "node1"), ("9", "0", "RUNNING", "0", "node2"), ("7", "1", "PENDING", "0", "")]
    lines += [
        ("9", "1", "COMPLETED", "0", "node1"),
        ("7", "2", "FAILED", "9", "node3"),
        ("7", "N/A", "PENDING", "0", ""),
    ]
    lines += [("7", "3", "FAILED", "9", "node1"), ("9", "3", "NODE_FAIL", "0", "node4")]
    monkeypatch.setattr(slurm_array, "ask", lambda command: "".join(squeue(*line) for line in lines))
    assert array(Data()).fates() == {
        0: Fate(True, "running on node2"),
        1: Fate(True, "pending"),
        2: Fate(False, "failed with signal 9 on node3"),
        3: Fate(False, "node fail on node4"),
    }


def squeue(*cells: str) -> str:
    return "".join(f"{cell:<400}|" for cell in cells) + "\n"


def test_what_squeue_says_of_jobs_is_read() -> None:
    text = squeue("7", "RUNNING", "None", "2", "0", "node[1-4]")
    text += squeue("8", "FAILED", "NonZeroExitCode", "0", "768", "node1")
    text += squeue("9", "FAILED", "JobLaunchFailure", "0", "9", "node2") + squeue(
        "10", "PENDING", "Priority", "0", "0", ""
    )
    found = of_squeue(text)
    assert found[7] == Seen(7, "RUNNING", "None", 2, 0, "node[1-4]")
    assert found[7].text() == "running on node[1-4], restart 2" and not found[7].ended
    assert (found[8].code, found[9].code, found[8].ended) == (3, 137, True)
    assert found[10].text() == "pending (Priority)"


def test_what_sacct_says_of_jobs_is_read() -> None:
    text = (
        "7|COMPLETED|0:0|node[1-4]\n8|CANCELLED by 1000|0:15|None assigned\n9|FAILED|3:0|node1\n9|NODE_FAIL|1:0|node1\n"
    )
    found = of_sacct(text)
    assert found[7] == Seen(7, "COMPLETED", nodes="node[1-4]")
    assert found[8] == Seen(8, "CANCELLED", code=143) and found[9].state == "NODE_FAIL"


def test_nodes_that_are_down_are_told_with_why() -> None:
    text = "node1|idle|none\nnode2|down|Not responding\nnode3|mixed*|none\nnode4|drained|bad disk\n"
    assert of_sinfo(text) == {"node2": "down (Not responding)", "node3": "mixed*", "node4": "drained (bad disk)"}


@settings(max_examples=50)
@given(st.text(max_size=60) | st.lists(st.sampled_from(["7", "|", "a", "\n", " ", "0:1"])).map("".join))
def test_no_answer_of_slurms_breaks_the_reading(text: str) -> None:
    for read in (of_squeue, of_sacct, of_sinfo):
        assert isinstance(read(text), dict)
    assert isinstance([*of_array(text)], list)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (Seen(7, "COMPLETED", nodes="node1"), "job 7 on node1 ended with exit code 0 and left no artifact"),
        (Seen(7, "FAILED", code=3, nodes="node1"), "failed with exit code 3"),
        (Seen(7, "FAILED", code=137, nodes="node1"), "failed with signal 9"),
        (Seen(7, "NODE_FAIL", nodes="node[1-2]"), "lost a node; node node2 is down (Not responding)"),
        (Seen(7, "OUT_OF_MEMORY", nodes="node1"), "ended as OUT_OF_MEMORY"),
        (Seen(7, "GONE"), "job 7 on no node is no longer known to Slurm"),
    ],
)
def test_every_end_without_a_result_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: Seen, told: str
) -> None:
    monkeypatch.setattr(slurm, "lost", lambda nodes: {"node2": "down (Not responding)"} if nodes == "node[1-2]" else {})
    (tmp_path / "ranks.log").write_text("rank 0: out of luck\n")
    with pytest.raises(JobFailed) as error:
        judge(work(tmp_path, "x"), seen, seen.nodes)
    assert told in str(error.value) and str(error.value).endswith("  rank 0: out of luck")


def test_a_job_that_is_requeued_is_followed_and_its_dead_node_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "komainu")
    answers: list[Any] = [
        Seen(7, "PENDING", "Priority"),
        Seen(7, "RUNNING", nodes="node[1-2]"),
        Unheard("squeue: timed out"),
        Seen(7, "PENDING", "BeginTime", 1),
        Seen(7, "RUNNING", "", 1, nodes="node[1,3]"),
        Seen(7, "COMPLETED", "", 1, nodes="node[1,3]"),
    ]

    def look(job: int) -> Seen:
        answer = answers.pop(0)
        if isinstance(answer, Unheard):
            raise answer
        return answer  # type: ignore[no-any-return]

    monkeypatch.setattr(slurm, "look", look)
    monkeypatch.setattr(slurm, "lost", lambda nodes: {"node2": "down (Not responding)"} if "2" in nodes else {})
    seen, nodes = SlurmQueue(Settings(slurm=Slurm(poll=0.001))).follow(7, lambda: None)
    assert (seen.state, nodes, answers) == ("COMPLETED", "node[1,3]", [])
    assert [r.getMessage() for r in caplog.records] == [
        "job 7: pending (Priority)",
        "job 7: running on node[1-2]",
        "squeue: timed out; asking again",
        "job 7: pending (BeginTime), restart 1",
        "job 7: node node2 is down (Not responding)",
        "job 7: running on node[1,3], restart 1",
        "job 7: completed on node[1,3], restart 1",
    ]


def test_sbatch_gets_no_key_and_what_it_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def ask(command: list[str], environment: dict[str, str] | None = None) -> str:
        given.append((command[0], environment))
        raise Unheard("sbatch: error: invalid partition specified: gpu")

    monkeypatch.setenv("A_KEY", "sk-secret")
    monkeypatch.setattr(slurm, "ask", ask)
    keyed = Settings(endpoints={"a": Endpoint(url="http://a", key="A_KEY")})
    with pytest.raises(UsageError, match=r"sft-1 was not submitted: .*invalid partition specified: gpu; see"):
        SlurmQueue(keyed).submit(work(tmp_path, "x"))
    assert given[0][0] == "sbatch" and "PATH" in given[0][1] and "A_KEY" not in given[0][1]


def test_where_there_is_no_slurm_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "SQUEUE", ("no-such-squeue",))
    with pytest.raises(UsageError, match="Slurm does not answer: no-such-squeue"):
        SlurmQueue(Settings()).run(work(tmp_path, "x"), lambda: None)


def test_a_process_finds_its_place_under_torchrun_and_under_srun() -> None:
    slurms = {"SLURM_PROCID": "5", "SLURM_NTASKS": "8", "SLURM_LOCALID": "1"}
    assert place({}) == Place(0, 1, 0) and place(slurms) == Place(5, 8, 1)
    assert place({"RANK": "2", "WORLD_SIZE": "4", "LOCAL_RANK": "2", **slurms}) == Place(2, 4, 2)


def test_tasks_here_know_their_place_and_get_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret")
    code = f"import os; e = os.environ; open(r'{tmp_path}/' + e['RANK'], 'w').write("
    code += "f\"{e['WORLD_SIZE']} {e['MASTER_ADDR']} {'A_KEY' in e}\"); "
    code += f"e['RANK'] == '0' and open(r'{tmp_path}/result', 'w').close()"
    Here(Settings(endpoints={"a": Endpoint(url="http://a", key="A_KEY")})).run(python(tmp_path, code), lambda: None)
    assert [(tmp_path / str(rank)).read_text() for rank in (0, 1)] == ["2 127.0.0.1 False"] * 2


def test_one_failed_task_ends_the_others_and_is_named(tmp_path: Path) -> None:
    code = "import os, sys, time; print('rank', os.environ['RANK'], flush=True); "
    code += "sys.exit(3) if os.environ['RANK'] == '1' else time.sleep(60)"
    began = time.monotonic()
    with pytest.raises(JobFailed, match=r"sft-1: rank 1 ended with exit code 3(.|\n)*rank 1"):
        Here(Settings()).run(python(tmp_path, code), lambda: None)
    assert time.monotonic() - began < 30


def test_tasks_that_all_end_with_0_and_leave_nothing_have_failed(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match=r"all ranks ended with 0 and left no result(.|\n)*it printed nothing"):
        Here(Settings()).run(python(tmp_path, "pass"), lambda: None)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_tasks_end_with_the_process_that_started_them_however_it_ends(tmp_path: Path) -> None:
    code = f"import os, time; open(r'{tmp_path}/pid' + os.environ['RANK'], 'w').write(str(os.getpid())); time.sleep(60)"
    script = f"""
from pathlib import Path
from komainu.cluster.here import Here
from komainu.settings import Settings
from tests.cluster.test_cluster import python
Here(Settings()).run(python(Path({str(tmp_path)!r}), {code!r}), lambda: None)
"""
    starter = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    files = [tmp_path / "pid0", tmp_path / "pid1"]
    while not all(f.exists() and f.read_text() for f in files):
        assert starter.poll() is None
        time.sleep(0.02)
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    until = time.monotonic() + 30
    while any(Path(f"/proc/{f.read_text()}").exists() for f in files):
        assert time.monotonic() < until, "a task outlived its starter"
        time.sleep(0.05)


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    assert last_object(file) is None
    file.write_text('{"step": 1}\n{"step": 2}\n{"st')
    assert last_object(file) == {"step": 2}
