"""The command line: its verbs, its exit codes, one JSON object, and nothing heavy before it is needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

import komainu.cli
import komainu.launch
from komainu import errors
from komainu.cli import app, main
from komainu.store import Store
from tests.core_fakes import RECIPE, ROOT, context, recipe_file, runs

VERBS = [
    "run",
    "plan",
    "sweep",
    "why",
    "diff",
    "ls",
    "status",
    "verify",
    "doctor",
    "serve",
    "chat",
    "studio",
    "eval",
    "data",
    "release",
]
EVAL = [
    "run",
    "score",
    "judge",
    "board",
    "rank",
    "panel",
    "import",
    "view",
    "export",
    "compare",
]
GROUPS = {
    "eval": EVAL,
    "data": ["check", "look", "export", "trace", "touched", "card", "push"],
    "release": ["evidence", "push"],
}
HELP = [[], ["run"], ["serve"], ["chat"], ["studio"]]
HELP += [words for group, verbs in GROUPS.items() for words in ([group], *([group, verb] for verb in verbs))]
FAMILY = "small.py:family"
NAP = """
import time
from dataclasses import dataclass
from pathlib import Path
from komainu.rows import Chat
from komainu.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Nap(Stage):
    makes = Chat

    def run(self, out, ctx):
        if not Path("napping").exists():
            Path("napping").touch()
            time.sleep(30)
        return {"rows": 0}


def nap() -> Nap:
    return Nap()
"""


LACKING = """
from dataclasses import dataclass
from komainu.rows import Chat
from komainu.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Lacking(Stage):
    makes = Chat

    def run(self, out, ctx):
        return {"rows": 0, "incomplete": ["sft ja: exact lacks 2 % of its verdicts"]}


def lacking() -> Lacking:
    return Lacking()
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        (line,) = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


Run = Callable[..., Said]


@pytest.fixture
def komainu_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the command line in a folder with a small recipe and a store of its own."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(komainu.launch, "open_context", lambda settings: context(settings.root))
    recipe_file(tmp_path, monkeypatch)

    def run(*words: str) -> Said:
        code = main(words)
        return Said(code, *capfd.readouterr())

    yield run
    here = [n for n, m in sys.modules.items() if str(getattr(m, "__file__", None)).startswith(str(tmp_path))]
    for name in here:
        del sys.modules[name]


def test_the_verbs_are_these() -> None:
    assert [*typer.main.get_command(app).commands] == VERBS  # type: ignore[attr-defined]


def test_run_builds_names_and_says_where(komainu_: Run) -> None:
    said = komainu_("run", FAMILY, "n=2", "size=m")
    assert said.code == 0
    assert said.out.startswith("family,size=m,n=2: 3 stages built, 0 reused\n")
    assert "rows: 8" in said.out and "build Join" in said.err
    again = komainu_("run", FAMILY, "size=m", "n=2", "--json")
    assert again.json["built"] == 0 and again.json["name"] == "family,size=m,n=2"
    assert Path(again.json["path"]).is_dir() and len(runs(Path("store"))) == 3
    assert again.json["summary"] == {"rows": 8} and "page" not in again.json


def test_a_run_that_lacks_verdicts_ends_with_4_and_names_them(komainu_: Run) -> None:
    Path("lacking.py").write_text(LACKING)
    said = komainu_("run", "lacking.py:lacking")
    assert said.code == 4
    assert said.out.splitlines()[-1] == "incomplete: sft ja: exact lacks 2 % of its verdicts"
    assert komainu_("run", "lacking.py:lacking", "--json").json["incomplete"]


def test_run_shows_the_page_where_there_is_one(komainu_: Run) -> None:
    path = Path(komainu_("run", FAMILY, "--json").json["path"])
    (path / "report.html").touch()
    said = komainu_("run", FAMILY)
    assert said.out.splitlines()[-1] == f"page {path}/report.html"


def test_plan_builds_nothing_and_tells_all(komainu_: Run) -> None:
    said = komainu_("plan", FAMILY)
    assert said.code == 0 and not Path("store").exists()
    *stages, end = said.out.splitlines()
    assert [line.split()[:3] for line in stages] == [["to", "build", kind] for kind in ("Source", "Source", "Join")]
    assert end == "family: 3 stages to build, 0 reused"
    komainu_("run", FAMILY)
    found = komainu_("plan", FAMILY, "rate=2", "--json").json
    assert [(s["state"], s["rows"]) for s in found["stages"]] == [("built", 3), ("built", 4), ("to build", 7)]


@pytest.mark.parametrize(("recipe", "said"), [("broken", "a stage that makes Pair"), ("typo", "rate must be float")])
def test_what_is_wired_wrongly_is_refused_before_anything_is_built(komainu_: Run, recipe: str, said: str) -> None:
    planned = komainu_("plan", f"small.py:{recipe}", "--json")
    assert planned.code == 2 and said in planned.json["problems"][0]
    ran = komainu_("run", f"small.py:{recipe}")
    assert ran.code == 2 and said in ran.err and "Traceback" not in ran.err
    assert not Path("store").exists() and ran.out == ""


def test_drift_is_refused(komainu_: Run) -> None:
    record = Path(komainu_("run", FAMILY, "--json").json["path"]) / "record.json"
    record.write_text(record.read_text().replace('"rate": 1.0', '"rate": 3.0'))
    for verb in ("plan", "run"):
        said = komainu_(verb, FAMILY)
        assert said.code == 2 and "rate: 3.0 -> 1.0" in said.out + said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", FAMILY, "siz=m"], "did you mean 'size'?"),
        (["run", FAMILY, "size=x"], "one of s, m"),
        (["run"], "Missing argument"),
        (["rum"], "No such command"),
        (["run", FAMILY, "--fast"], "No such option"),
        (["why", "nothing"], "has no artifact 'nothing'"),
        (["why", "nothing", "n=3"], "takes no settings: n=3"),
        (["diff", FAMILY], "diff compares two targets, not 1"),
        (["diff", "n=1", FAMILY], "comes before any target"),
        (["ls", "--remove"], "--remove goes with --unnamed"),
    ],
)
def test_a_usage_error_is_one_message_and_code_2(komainu_: Run, words: list[str], message: str) -> None:
    said = komainu_(*words)
    assert (said.code, said.out) == (2, "") and message in said.err and "Traceback" not in said.err
    said = komainu_(*words, "--json")
    assert said.code == said.json["code"] == 2 and message in said.json["error"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.Drift("x"), 2),
        (errors.GateFailed("x"), 3),
        (errors.Incomplete("x"), 4),
        (errors.OverBudget("x"), 5),
        (errors.EndpointError("x"), 1),
        (KeyboardInterrupt(), 130),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), 2),
        (ZeroDivisionError("x"), 1),
        (ModuleNotFoundError("No module named 'komainu.x'", name="komainu.x"), 1),
    ],
)
def test_every_error_has_its_code_and_only_our_bugs_a_traceback(
    komainu_: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def raising(settings: Any) -> Any:
        raise error

    monkeypatch.setattr(komainu.launch, "open_context", raising)
    said = komainu_("run", FAMILY, "--json")
    assert said.code == said.json["code"] == code
    assert ("Traceback" in said.err) == (code == 1 and not isinstance(error, errors.Error))


def test_an_interrupted_run_says_how_to_go_on(komainu_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(settings: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(komainu.launch, "open_context", interrupt)
        said = komainu_("run", FAMILY)
    assert said.code == 130 and "run the same command again to resume" in said.err
    assert komainu_("run", FAMILY).code == 0


def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "nap.py").write_text(NAP)
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import sys\n"
    code += "from komainu.cli import main; sys.exit(main(['run', 'nap.py:nap', '--json']))"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KOMAINU_STORE": "store"}
    command = [sys.executable, "-c", code]
    first = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "napping").exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=30)
    assert first.returncode == 130 and json.loads(out)["code"] == 130 and "Traceback" not in err
    again = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 0 and json.loads(again.stdout)["summary"] == {"rows": 0}


def test_what_a_recipe_prints_is_not_on_stdout(komainu_: Run) -> None:
    Path("loud.py").write_text(RECIPE + "\nprint('loading')\n")
    said = komainu_("run", "loud.py:family", "--json")
    assert said.json["name"] == "family" and "loading" in said.err


def test_why_takes_a_recipe_a_name_and_an_id(komainu_: Run) -> None:
    missing = komainu_("why", FAMILY)
    assert missing.code == 0 and "missing" in missing.out.splitlines()[0]
    made = komainu_("run", FAMILY, "--json").json
    for target in (FAMILY, "family", made["ref"], made["ref"].split("/")[1]):
        said = komainu_("why", target)
        assert said.code == 0 and said.out.startswith(f"target: Join {made['ref'].split('/')[1]} built, 7 rows")
        assert komainu_("why", target, "--json").json["target"] == made["ref"]
    assert "no board" in komainu_("why", "family", "--cell", "a/b/c/d").err


def test_diff_takes_two_targets_each_with_its_settings(komainu_: Run) -> None:
    komainu_("run", FAMILY)
    said = komainu_("diff", FAMILY, "n=3", FAMILY, "n=5", "rate=2")
    assert said.code == 0 and "  n: 3 -> 5" in said.out and "  rate: 1.0 -> 2.0" in said.out
    assert komainu_("diff", "family", FAMILY, "--json").json["equal"] is True
    found = komainu_("diff", "family", FAMILY, "word=yo", "--json").json
    assert [c["leaves"] for c in found["changed"]] == [[{"path": "word", "old": "hi", "new": "yo"}]]
    assert [f["a"].split("/")[0] for f in found["follow"]] == ["join"] and found["same"] == 1


def test_ls_lists_and_collects_what_no_name_reaches(komainu_: Run) -> None:
    komainu_("run", FAMILY)
    komainu_("run", FAMILY, "n=5")
    (Path("store/names") / "family,n=5").unlink()
    listed = komainu_("ls", "--json").json
    assert [*listed["names"]] == ["family"] and len(listed["artifacts"]) == 5 and listed["bytes"] > 0
    assert "family" in komainu_("ls").out
    unnamed = komainu_("ls", "--unnamed", "--json").json
    assert [a["ref"].split("/")[0] for a in unnamed["artifacts"]] == ["join", "source"]
    assert len(komainu_("ls", "--json").json["artifacts"]) == 5
    removed = komainu_("ls", "--unnamed", "--remove", "--json").json
    assert removed["removed"] and removed["artifacts"] == unnamed["artifacts"]
    assert len(komainu_("ls", "--json").json["artifacts"]) == 3
    assert komainu_("ls", "--unnamed").out.endswith("store: 0 artifacts, 0 B\n")


def test_status_tells_what_is_building_and_what_was_left(komainu_: Run) -> None:
    komainu_("run", FAMILY)
    work = Path("store/tune/0123456789ab/.work")
    work.mkdir(parents=True)
    (work / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2, "loss": 0.25}\n{"st')
    left = komainu_("status", "--json").json
    assert left["building"] == [] and left["built"]["source"]["artifacts"] == 2
    assert left["unfinished"][0]["ref"] == "tune/0123456789ab"
    with Store(Path("store")).lock("0123456789ab"):
        said = komainu_("status")
        assert f"building    tune/0123456789ab in process {os.getpid()} for 0 s, step 2, loss 0.25" in said.out
    assert "run the recipe again to go on" in komainu_("status").out


def test_verify_finds_a_changed_byte(komainu_: Run) -> None:
    path = Path(komainu_("run", FAMILY, "--json").json["path"])
    assert komainu_("verify").code == komainu_("verify", FAMILY).code == komainu_("verify", "family").code == 0
    rows = path / "rows.jsonl"
    rows.write_bytes(rows.read_bytes().replace(b"hi", b"ho", 1))
    for words in (["verify"], ["verify", "family"], ["verify", FAMILY]):
        said = komainu_(*words, "--json")
        assert said.code == 3 and f"{path.name}/rows.jsonl has been changed" in said.json["problems"][0]
    assert komainu_("verify", FAMILY, "n=9").code == 3  # not built


def test_doctor_tells_what_to_do(komainu_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("komainu.toml").write_text('[endpoints.teacher]\nurl = "https://example.org/v1"\nkey = "TEACHER_KEY"\n')
    monkeypatch.setenv("TEACHER_KEY", "sk-secret")
    said = komainu_("doctor")
    assert said.code == 0 and "$TEACHER_KEY is set" in said.out and "sk-secret" not in said.out + said.err
    monkeypatch.delenv("TEACHER_KEY")
    said = komainu_("doctor", "--json")
    assert said.code == 3 and said.json["bad"] == ["endpoint teacher"]
    names = {f["name"] for f in said.json["findings"]}
    assert {"python", "packages", "packages for train", "cpu", "memory", "disk", "gpu", "store", "browser"} <= names
    Path("store").write_text("in the way")
    monkeypatch.setenv("KOMAINU_STORE", "/proc/nothing")
    assert "store" in komainu_("doctor", "--json").json["bad"]


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = f"import sys; from komainu.cli import main; main({[*words, '--help']}); print(*sys.modules, file=sys.stderr)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert "Usage: komainu" in done.stdout
    assert not loaded & {"rich", "msgspec", "torch", "numpy", "aiohttp", "sqlite3", "komainu.store"}


def test_output_into_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KOMAINU_STORE": str(tmp_path)}
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "komainu.cli", "ls"], env=env, cwd=tmp_path, stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_version_is_shown(komainu_: Run) -> None:
    assert komainu_("--version") == Said(0, f"komainu {komainu.__version__}\n", "")
    assert komainu_("--help").code == 0 and komainu_().code in (0, 2)
