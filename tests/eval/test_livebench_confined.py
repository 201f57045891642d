"""LiveBench's scorer runs what a model wrote: it is cut off from this machine, and its verdicts come back."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from komainu.environment import Environment
from komainu.errors import NoSandbox
from komainu.eval.external.base import External, Job, job
from komainu.eval.external.livebench import LiveBench
from komainu.models.base import Model, Reply
from komainu.program import LOG
from komainu.sandbox import confined
from tests.eval.livebench_played import CONFINED, played, question, source
from tests.eval.world import context

ATTACKS = """
import os, socket, subprocess, sys
mine, port, host, said, marker = {mine!r}, {port!r}, {host!r}, {said!r}, {marker!r}

def attack(what):
    try:
        print("attack", what.__name__, "succeeds" if what() else "is refused")
    except Exception as error:
        print("attack", what.__name__, "is refused", repr(error))

@attack
def reads_a_file(): return open(mine + "/secret").read() == "secret"
@attack
def reads_the_users(): return "root" in open("/etc/passwd").read()
@attack
def reads_its_answers_neighbours(): return os.listdir(mine)
@attack
def reaches_a_server(): return socket.create_connection(("127.0.0.1", port), 2)
@attack
def reads_variables():
    told = [dict(os.environ).__repr__()]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try: told.append(open("/proc/" + pid + "/environ").read())
        except OSError: pass
    return any("secret-of-a-proxy" in each for each in told)
@attack
def sees_another_process(): return open("/proc/" + str(host) + "/cmdline", "rb").read() == said
@attack
def writes_a_file(): return open(mine + "/written", "w")
@attack
def changes_its_environment(): return open(__file__, "a")
@attack
def changes_a_question():
    return open("data/live_bench/coding/t/question.jsonl", "a")
@attack
def swaps_the_verdicts():
    place = "data/live_bench/coding/t/model_judgment/ground_truth_judgment.jsonl"
    if os.path.exists(place): os.remove(place)
    os.symlink(mine + "/written", place)
    return os.remove(place) or True
@attack
def leaves_a_process_behind():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", marker], start_new_session=True)
"""
HERE = ("leaves_a_process_behind",)  # it can be started: it must not live on


@pytest.fixture
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def running(marker: str) -> list[int]:
    """Processes with this word in their command."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"\0{marker}\0".encode() in line.read_bytes():
                found.append(int(line.parent.name))
        except OSError:
            continue
    return found


def hostile(tmp_path: Path, port: int, marker: str) -> LiveBench:
    (tmp_path / "secret").write_text("secret")
    said = Path("/proc/self/cmdline").read_bytes()
    attacks = ATTACKS.format(mine=str(tmp_path), port=port, host=os.getpid(), said=said, marker=marker)
    sources = {"coding": source(tmp_path, "coding", [question(i, "coding", "t") for i in range(3)])}
    environment = played(tmp_path / "env", attacks)
    for script in (tmp_path / "env").rglob("gen_ground_truth_judgment.py"):
        script.chmod(0o666)  # only the jail forbids to write it
    return LiveBench(sources=sources, environment=environment)


def outcomes(log: Path) -> dict[str, str]:
    lines = [line.split() for line in log.read_text().splitlines() if line.startswith("attack ")]
    return {name: said for _, name, said, *_ in lines}


@CONFINED
@pytest.mark.parametrize("cut_off", [True, False])
def test_a_hostile_program_in_the_scorer_gets_nothing_and_verdicts_come_back(
    cut_off: bool, tmp_path: Path, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attack is seen to succeed where the scorer is not cut off."""

    def free(self: Job, *arguments: str, see: Path, write: list[Path]) -> None:
        self.run(*arguments)

    monkeypatch.setenv("https_proxy", "http://secret-of-a-proxy@localhost")
    marker = f"left-by-{os.getpid()}-{cut_off}"
    bench = hostile(tmp_path, server, marker)
    if not cut_off:
        monkeypatch.setattr(Job, "run_confined", free)
    try:
        ctx = context(tmp_path / "store", lambda *_: "")
        with job(bench, tmp_path, ctx, lambda messages: Reply("It is 2.")) as run:
            results = {r.id: r.scores["score"] for r in bench.play(run, bench.rows(), ctx)}
        told, left = outcomes(run.folder / LOG), running(marker)
    finally:
        for process in running(marker):
            os.kill(process, signal.SIGKILL)
    assert results == {"coding-0": 0.0, "coding-1": 0.0, "coding-2": 1.0}
    succeeded = {name for name, said in told.items() if said == "succeeds"}
    assert len(told) == 11 and succeeded == (set(HERE) if cut_off else set(told))
    assert len(left) == (0 if cut_off else 1) and (tmp_path / "written").exists() != cut_off


def test_where_it_cannot_be_cut_off_it_refuses_before_a_model_is_asked_or_anything_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def say(model: Model, text: str, sample: int) -> str:
        asked.append(text)
        return ""

    def make(self: Environment, root: Path) -> Path:
        raise AssertionError("an environment is made")

    ctx = context(tmp_path / "store", say)
    bench = LiveBench(sources={"coding": source(tmp_path, "coding", [question(0, "coding", "t")])})
    stage = External(model=Model(name="m"), items=bench)
    refused = pytest.raises(NoSandbox, match=r"install it \(apt-get install bubblewrap\)")
    monkeypatch.setattr(Environment, "python", make)
    with monkeypatch.context() as listing, refused:
        listing.setattr(confined, "bubblewrap", lambda: "")
        ctx.store.build(bench, ctx)
    with monkeypatch.context() as elsewhere:  # the items may have been listed on another machine
        elsewhere.setattr(confined, "needed", lambda: None)
        ctx.store.build(bench, ctx)
    monkeypatch.setattr(confined, "bubblewrap", lambda: "")
    with refused:
        ctx.store.build(stage, ctx)
    assert asked == []


FETCHES = """
import os
def download(name, place):
    print("fetches", name, file=open(place + ".log", "a"))
    if {works}:
        os.makedirs(f"{{place}}/tokenizers/{{name}}")
    return {works}
"""


@pytest.mark.parametrize("works", [True, False])
def test_nltks_data_is_fetched_into_the_environment_before_the_scorer_loses_the_network(
    works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(confined, "needed", lambda: None)
    category, ctx = "instruction_following", context(tmp_path / "store", lambda *_: "")
    sources = {category: source(tmp_path, category, [question(0, category, "t")])}
    environment = played(tmp_path / "env", nltk=FETCHES.format(works=works))
    for sets in ({"math": source(tmp_path, "math", [question(0, "math", "t")])}, sources, sources):
        with job(LiveBench(sources=sets, environment=environment), tmp_path, ctx, lambda messages: Reply("-")):
            pass
    tries = (tmp_path / "env" / "nltk_data.log").read_text().split("\n")[:-1]
    assert tries == (["fetches punkt", "fetches punkt_tab"] if works else ["fetches punkt", "fetches punkt"])
    assert ("no NLTK data for" in caplog.text) != works
