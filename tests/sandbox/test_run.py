"""What the sandbox gives a program, how it counts, and that it refuses where it cannot cut a program off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from komainu.doctor import machine as doctor
from komainu.errors import NoSandbox, UsageError
from komainu.sandbox import advice, run, shown
from komainu.sandbox.base import Job, Limits, Outcome
from komainu.sandbox.inside import landlock, seccomp, syscalls
from komainu.sandbox.values import Large, Raised, Returned, read
from tests.sandbox.world import MEANS, mean_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("means", MEANS)
def test_an_ordinary_program_runs_as_anywhere(means: str) -> None:
    code = """
import asyncio, collections, decimal, hashlib, itertools, json, math, random, re, sqlite3, statistics
import tempfile, threading, typing, zlib
from dataclasses import dataclass

@dataclass
class Point:
    x: "int"

async def later():
    await asyncio.sleep(0.01)
    return Point(7).x

thread = threading.Thread(target=print, args=("thread",))
thread.start(); thread.join()
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("text"); file.seek(0)
    print(file.read(), open("/dev/null").read() == "", len(open("/dev/urandom", "rb").read(4)))
open("own", "w").write("x")
print(asyncio.run(later()), input.__name__, json.dumps([math.pi]), hashlib.sha256(b"").hexdigest()[:4])
import sys
print("error", file=sys.stderr)
sys.exit(3)
"""
    found = run.run(Job(code=code, limits=Limits(processes=4)), mean_of(means))
    assert sorted(found.output.decode().split("\n")) == sorted(
        ["thread", "text True 4", "7 input [3.141592653589793] e3b0", "error", ""]
    )
    assert (found.ended, found.code) == ("exit", 3) and 0 < found.cpu < 5


@pytest.mark.parametrize("means", MEANS)
def test_calls_get_their_arguments_and_give_values_or_the_exception(means: str) -> None:
    code = "def f(x, y=2):\n    print('not a value')\n    return x / y"
    found = run.run(Job(code=code, entry="f", sets=([[1], [1, 4]], [[9, 3], [1, 0], [1]])), mean_of(means))
    answers = [*read(found.values)]
    assert [a.value for a in answers if isinstance(a, Returned)] == [0.5, 0.25, 3.0]
    assert answers[3:] == [Raised("ZeroDivisionError: division by zero")]
    assert (found.ended, found.output) == ("exit", b"")


@pytest.mark.parametrize("code", ["x = (", "import no_such_module", "def g(): pass", "raise SystemExit(0)", "f = 3"])
def test_a_program_without_the_function_raises(code: str) -> None:
    found = run.run(Job(code=code, entry="f", sets=([[1]],)))
    (answer,) = read(found.values)
    assert isinstance(answer, Raised)


def test_large_values_are_known_by_digests_that_are_equal_for_equal_values() -> None:
    code = """
def f(kind):
    n = 60_000
    return {"ints": list(range(n)), "floats": [float(x) for x in range(n)], "other": [*range(n - 1), 0],
            "tuple": tuple(range(n)), "halves": [x / 2 for x in range(n)], "text": "x" * 300_000,
            "dict": {x: [x] for x in range(n)}, "reversed": {x: [float(x)] for x in reversed(range(n))},
            "set": set(range(n)), "bools": [True] * 400_000, "ones": [1] * 400_000,
            "halves_of_floats": [float(x) * 0.5 for x in range(n)]}[kind]
"""
    kinds = ["ints", "floats", "other", "tuple", "halves", "halves_of_floats", "text", "dict", "reversed", "set"]
    found = run.run(Job(code=code, entry="f", sets=([[kind] for kind in [*kinds, "bools", "ones"]],)))
    values = {
        k: a.value
        for k, a in zip([*kinds, "bools", "ones"], read(found.values), strict=True)
        if isinstance(a, Returned)
    }
    assert all(isinstance(value, Large) for value in values.values())
    same = {("ints", "floats"), ("dict", "reversed"), ("halves", "halves_of_floats"), ("bools", "ones")}
    for one in values:
        for other in values:
            assert (values[one] == values[other]) == (one == other or (one, other) in same or (other, one) in same)


def test_cpu_time_counts_and_not_the_clock() -> None:
    """Two programs on each processor, so that each gets about half of it: both may use what one may alone."""
    code = "import time\nwhile time.process_time() < 0.8: pass\nprint('done')"
    job = Job(code=code, limits=Limits(cpu=1.2))
    found = [*run.run_all([job] * 4, 4)]
    assert [each.ended for each in found] == ["exit"] * 4 and {each.output for each in found} == {b"done\n"}
    assert run.run(replace(job, limits=Limits(cpu=0.3))).ended == "cpu"


def test_each_step_has_a_limit_of_its_own() -> None:
    code = """
import time
def f(x):
    end = time.process_time() + x
    while time.process_time() < end: pass
"""
    job = Job(code=code, entry="f", sets=([[0.2], [0.2], [0.2]],), steps=(5.0, 1.0, 1.0, 1.0))
    assert len([*read(run.run(job).values)]) == 3
    short = run.run(replace(job, sets=([[0.1], [2.0], [0.1]],)))
    assert short.ended == "cpu" and 0.9 < short.cpu < 2.0


def test_outcomes_come_in_the_order_of_the_jobs() -> None:
    jobs = [Job(code=f"import time; time.sleep({0.05 * (5 - n)}); print({n})") for n in range(6)]
    assert [each.output for each in run.run_all(jobs, 6)] == [f"{n}\n".encode() for n in range(6)]


def test_an_interrupted_run_ends_what_is_running_and_starts_nothing_more() -> None:
    outcomes = run.run_all([Job(code="print(1)"), *[Job(code="while True: pass", limits=Limits(cpu=60.0))] * 9], 2)
    assert next(outcomes).output == b"1\n"
    start = time.monotonic()
    outcomes.close()
    assert time.monotonic() - start < 5


def test_sets_and_texts_have_one_order_in_every_run() -> None:
    code = "print(list({'a', 'b', 'c', 'd', 'e', 'f', 'g'}))"
    assert len({run.run(Job(code=code)).output for _ in range(4)}) == 1


def test_a_package_is_there_when_it_is_asked_for() -> None:
    pytest.importorskip("numpy")
    code = "import numpy; print(int(numpy.arange(4).sum()))"
    limits = Limits(cpu=30.0, memory=4 << 30)
    found = run.run(Job(code=code, packages=("numpy",), limits=limits))
    assert found.output == b"6\n", found
    assert b"ModuleNotFoundError" in run.run(Job(code=code, limits=limits)).output
    scalars = "import numpy\ndef f(x): return numpy.int64(x), numpy.float64(x), numpy.arange(2)"
    (answer,) = read(run.run(Job(code=scalars, entry="f", sets=([[3]],), packages=("numpy",), limits=limits)).values)
    assert isinstance(answer, Returned) and answer.value[:2] == (3, 3.0) and answer.value[2].type == "numpy.ndarray"
    with pytest.raises(UsageError, match="no_such_package is not installed"):
        run.run(Job(code="", packages=("no_such_package",)))


@pytest.mark.parametrize("means", MEANS)
def test_the_program_has_no_handle_but_its_own_whatever_their_numbers_are(means: str) -> None:
    code = "import os\nfor n in range(600):\n try: os.fstat(n); print(n, end=' ')\n except OSError: pass"
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(300)]
    for n in held[1:200:40]:
        os.close(n)  # so that the numbers of the pipes are not in the order in which they are made
        held.remove(n)
    try:
        found = run.run(Job(code=code, limits=Limits(cpu=5.0)), mean_of(means))
    finally:
        for n in held:
            os.close(n)
    assert len(found.output.split()) == 4, found


def test_what_says_nothing_of_the_program_is_lost() -> None:
    """The launcher is killed from outside, and with it the program."""

    def kill() -> None:
        while not (found := children()):
            time.sleep(0.01)
        time.sleep(0.5)
        os.kill(found[0], 9)

    def children() -> list[int]:
        return [int(pid) for pid in Path(f"/proc/self/task/{parent}/children").read_text().split()]

    parent = threading.get_native_id()
    killer = threading.Thread(target=kill)
    killer.start()
    start = time.monotonic()
    found = run.run(Job(code="while True: pass", limits=Limits(cpu=60.0)), "namespaces")
    killer.join()
    assert found.ended == "lost" and time.monotonic() - start < 30


REFUSED = "import sys\nfrom komainu.sandbox.run import Job, run\ntry: run(Job(code='print(1)'), sys.argv[1])\n"
REFUSED += "except Exception as error: print(type(error).__name__, error.code, error)\nelse: print('RAN')"


@pytest.mark.parametrize("means", MEANS)
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="takes root's powers away")
def test_it_refuses_where_namespaces_cannot_be_made(means: str) -> None:
    less = ["setpriv", "--bounding-set", "-sys_admin,-setuid"]
    command = [*less, sys.executable, "-c", REFUSED, means]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert said.stdout.startswith("NoSandbox 2 model-written code is not run"), said
    assert "CAP_SYS_ADMIN" in said.stdout and "Operation not permitted" in said.stdout


def test_it_refuses_where_the_filter_of_another_sandbox_forbids_it() -> None:
    less = "from komainu.sandbox.inside import kernel, seccomp\nimport os\nkernel.prctl(38, 1)\n"
    less += "from komainu.sandbox import run, shown; shown.shown()\nseccomp.install(os.uname().machine, 8)\n"
    command = [sys.executable, "-c", less + REFUSED, "namespaces"]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert said.stdout.startswith("NoSandbox 2"), said


@pytest.mark.parametrize("status", ["", "refused RuntimeError: the program is root\n", "exit 0 0.1\n"])
def test_nothing_counts_as_run_before_the_jail_says_that_it_is_ready(status: str) -> None:
    with pytest.raises(NoSandbox, match="model-written code is not run"):
        run.outcome(status, b"", b"", 10)
    assert run.outcome("ready\nexit 0 0.5\n", b"x", b"", 10) == Outcome("exit", 0, 0.5, b"x", b"")
    assert run.outcome("ready\nexit 0", b"", b"", 10).ended == "lost"


def test_the_doctor_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.sandbox().state == "ok"
    monkeypatch.setattr(doctor, "problem", lambda: "model-written code is not run: because; do something")
    found = doctor.sandbox()
    assert (found.state, found.text) == ("lacks", "model-written code is not run: because")
    assert found.advice == "only benchmarks that run code need it: do something"


def test_the_advice_names_the_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "run as root" in advice.advice(tmp_path)
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "max_user_namespaces").write_text("0\n")
    assert "sysctl user.max_user_namespaces=" in advice.advice(tmp_path)
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "apparmor_restrict_unprivileged_userns").write_text("1\n")
    assert "sysctl kernel.apparmor_restrict_unprivileged_userns=0" in advice.advice(tmp_path)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "it needs Linux on x86_64 or aarch64" in advice.advice(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("means", MEANS)
def test_it_works_for_a_user_who_is_not_root(means: str, tmp_path: Path) -> None:
    python = Path("/usr/bin/python3.11")
    if not python.exists():
        pytest.skip("there is no Python that another user may start")
    copy = tmp_path / "komainu"
    shutil.copytree(ROOT / "komainu", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 1:
            folder.chmod(0o711)
    code = "import sys\nfrom komainu.sandbox.run import Job, run\n"
    code += "print(run(Job(code='import os; print(os.getuid(), os.getpid())'), sys.argv[1]).output)"
    command = ["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", str(python), "-B", "-c", code, means]
    said = subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"}
    )
    assert said.stdout == "b'65534 2\\n'\n", said


def test_the_filter_is_short_enough_and_allows_what_both_machines_have() -> None:
    for machine in syscalls.MACHINES:
        assert len(seccomp.rules(machine, 8)) < 4096
        assert {"read", "openat", "mmap", "exit_group"} <= syscalls.numbers(syscalls.TABLE, machine).keys()
    forbidden = {"socket", "connect", "execve", "ptrace", "mount", "unshare", "setns", "keyctl", "bpf"}
    assert not forbidden & syscalls.numbers(syscalls.TABLE + syscalls.FORKS + " " + syscalls.LOOKED_AT, "x86_64").keys()


def test_what_is_shown_holds_no_home_of_anyone() -> None:
    seen = shown.shown()
    for _, place in seen.see:
        assert place not in ("/", "/etc", "/home", "/root", "/tmp", "/var", "/usr") and "site-packages" not in place
    assert all(place.endswith("-packages") for place in seen.hide)


ALONE = """
import os, socket, sys
from komainu.sandbox.inside import kernel, landlock
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
landlock.restrict([os.path.dirname(os.__file__)], [sys.argv[1]])
def tried(what):
    try: return what() is not None
    except OSError as error: return error.errno
print(tried(lambda: open(os.__file__).read(1)), tried(lambda: open(sys.argv[1] + "/own", "w").write("x")))
print(tried(lambda: open("/etc/passwd").read()), tried(lambda: open(sys.argv[2], "w")), tried(lambda: os.listdir("/")))
print(tried(lambda: socket.create_connection(("127.0.0.1", 9))), tried(lambda: os.execv("/bin/true", ["true"])))
"""


@pytest.mark.skipif(landlock.version() < 4, reason="this kernel's Landlock knows no network")
def test_landlock_alone_keeps_files_and_networks_away(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    command = [sys.executable, "-c", ALONE, str(tmp_path / "work"), str(tmp_path / "other")]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert said.stdout == "True True\n13 13 13\n13 13\n", said
