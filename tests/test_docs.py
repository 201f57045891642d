"""The documentation: its examples run, its links lead somewhere, and the names and numbers it tells are true."""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from komainu import errors, settings
from komainu.cli import app
from komainu.context import Context
from komainu.data.base import drops
from komainu.data.textbook import words
from komainu.data.textbook.sampling import combinations, sample
from komainu.data.textbook.tasks import TASKS
from komainu.data.textbook.teacher import Faults, answer
from komainu.launch import open_context
from komainu.models.base import Model, Question, Reply
from komainu.plan import plan
from komainu.recipe import load
from komainu.rows import Chat, Score
from komainu.settings import Settings
from komainu.store import Artifact

ROOT = Path(__file__).parents[1]
PAGES = [*filter(Path.exists, [ROOT / "README.md"]), *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNS = re.compile(r"python run=(\w+)\.py")


class Block(NamedTuple):
    """A fenced block: what stands behind the opening fence, and the text."""

    info: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in FENCE.findall((ROOT / page).read_text(encoding="utf-8"))]


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def code(page: str) -> list[str]:
    """Everything set as code but Python: inline, and the lines of fenced blocks."""
    inline = [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", prose(page))]
    return inline + [line for b in blocks(page) if not b.info.startswith("python") for line in b.text.splitlines()]


def table(page: str, first: str) -> Iterator[list[str]]:
    """The cells of the rows under the table heading that begins with `first`."""
    lines = iter((ROOT / page).read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            break
    else:
        raise AssertionError(f"{page} has no table that begins with {first!r}")
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


EXAMPLES = {found[1]: b.text for b in blocks("docs/add.md") if (found := RUNS.fullmatch(b.info))}


class Teacher:
    """Answers as the textbook's teacher does; as a judge it gives a 4, and no mark to an answer with a comma."""

    batch_sensitive = False

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for messages, number in questions:
            self.asked += 1
            if model.name == "judge":
                said = messages[0].content
                mark = re.findall(r"<verdict-(\w+)>", said)[0]
                marked = said.split(f"<answer-{mark}>")[1].split(f"</answer-{mark}>")[0]
                yield Reply("I cannot tell." if "," in marked else f"Well said.\n<verdict-{mark}>4</verdict-{mark}>")
            else:
                text, fault = answer(messages, number, Faults())
                yield Reply(text, hidden={"fault": fault})


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A store in a fresh folder that holds the examples; what they leave in this process goes with it."""
    for name, text in EXAMPLES.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("KOMAINU_STORE", raising=False)
    with open_context(Settings(store=str(tmp_path / "store"), threads=1), Teacher()) as opened:
        yield opened
    for name in EXAMPLES:
        sys.modules.pop(name, None)


def build(ctx: Context, target: str, **values: object) -> Artifact:
    """Build a recipe as `komainu run` does."""
    made = load(target, [f"{key}={value}" for key, value in values.items()])
    plan(made.stage, ctx.store).refuse()
    return ctx.store.build(made.stage, ctx)


def test_every_example_is_run_here() -> None:
    marked = [b.info for b in blocks("docs/add.md") if b.info.startswith("python")]
    assert all(RUNS.fullmatch(info) for info in marked)
    assert set(EXAMPLES) == {"number_right", "trim_note", "clarity", "apo"}


def test_the_bench_of_the_docs_forgives_words_but_not_numbers(ctx: Context) -> None:
    board = json.loads((build(ctx, "number_right.py:sums", n=80).path / "board.json").read_bytes())
    exact, number = ({row["bench"]: row["mean"] for row in board["rows"]}[name] for name in ("exact", "number"))
    assert 0 < exact < number <= 1


def test_the_step_of_the_docs_cuts_notes_and_accounts_for_every_row(ctx: Context) -> None:
    made = build(ctx, "trim_note.py:translations", n=200)
    rows = [row for row in made.rows() if isinstance(row, Chat)]
    trimmed = [row for row in rows if "trimmed" in row.meta]
    assert len(trimmed) == made.summary["notes"]["TrimNote"]["cut"] > 0
    assert not any("(Note" in row.reply or "(注" in row.reply for row in rows)
    assert len(rows) + len(list(drops(made))) == made.summary["in"] == 200


def test_the_judge_of_the_docs_counts_what_it_gave_no_mark(ctx: Context, tmp_path: Path) -> None:
    (prompt,) = (block.text for block in blocks("docs/add.md") if block.info == "jinja")
    (tmp_path / "clarity.jinja").write_text(prompt, encoding="utf-8")
    made = build(ctx, "clarity.py:judged", judges="judge", n=48)
    values = [row.value for row in made.rows() if isinstance(row, Score)]
    found = made.summary["metrics"]["score"]
    assert set(values) == {4.0, None}
    assert (found["mean"], found["n"], found["missing"]) == (4.0, values.count(4.0), values.count(None))


def test_the_objective_of_the_docs_learns_to_tell_the_answers_apart(ctx: Context, tmp_path: Path) -> None:
    from komainu.files import write_rows
    from tests.train.world import Pairs, base

    start = ctx.store.build(base(), ctx).path
    write_rows(tmp_path / "pairs.jsonl", Pairs(n=16).rows())
    trained = build(ctx, "apo.py:apo", base=start, pairs="pairs.jsonl", licence="mit", lr=3e-3, batch=8, epochs=6)
    assert trained.summary["last_loss"] < 0.9 * trained.summary["first_loss"]
    assert (trained.path / "model.safetensors").exists()


@pytest.mark.parametrize("page", NAMES)
def test_links_lead_somewhere(page: str) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        found = (ROOT / page).parent / file if file else ROOT / page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def verbs() -> set[str]:
    """`run`, `eval run`: every command, those of the groups with their group."""
    commands: Any = typer.main.get_command(app)
    groups = {name: getattr(command, "commands", {"": None}) for name, command in commands.commands.items()}
    return {f"{name} {verb}".strip() for name, some in groups.items() for verb in some}


@pytest.mark.parametrize("page", NAMES)
def test_every_verb_that_is_named_exists(page: str) -> None:
    found = (re.findall(r"(?:^|[\s/$])komainu ((?:(?:eval|data|release) )?[a-z]+)\b", text) for text in code(page))
    assert {name for names in found for name in names} <= verbs() | {"eval", "data", "release"}


@pytest.mark.parametrize("page", NAMES)
def test_every_file_that_is_named_exists(page: str) -> None:
    named = re.findall(r"(?<![\w/.])(?:komainu|recipes|docs|tests)/[\w./*-]*", " ".join(code(page)))
    assert [name for name in named if not [*ROOT.glob(name.rstrip("./"))]] == []


def test_the_house_names_every_module_and_wing() -> None:
    there = {p.stem for p in (ROOT / "komainu").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    named = set(re.findall(r"`(\w+)(?:\.py|/)?`", prose("docs/house.md")))
    assert there - {"__init__"} - named == set()


def test_every_verb_is_documented() -> None:
    assert verbs() == {cells[0].strip("`").removeprefix("komainu ") for cells in table("docs/cli.md", "verb")}


def test_exit_codes_are_told_as_they_are() -> None:
    told = {int(code) for code, *_ in table("docs/cli.md", "code")}
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.Error)]
    assert told == {0, 1, 130, *(kind.code for kind in kinds)}


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        ("setting", settings.Settings),
        ("of an endpoint", settings.Endpoint),
        ("of an engine", settings.Runtime),
        ("of training", settings.Training),
        ("of data", settings.Data),
        ("of a Slurm job", settings.Slurm),
        ("of a trainer", settings.Trainer),
    ],
)
def test_every_setting_is_told_with_its_default(first: str, kind: Any) -> None:
    told = {name.strip("`"): default.strip("`") for name, default, *_ in table("docs/settings.md", first)}
    empty: tuple[object, ...] = ("", (), {}, None, settings.Training(), settings.Data(), settings.Slurm())
    least = {"url": "http://x"} if kind is settings.Endpoint else {}
    there = {name: getattr(kind(**least), name) for name in told}
    assert set(told) == set(kind.__struct_fields__)
    wanted = {name: "nothing" if value in empty else str(value) for name, value in there.items()}
    assert told == wanted | ({"url": "nothing"} if least else {})


def test_the_environment_is_told() -> None:
    told = {name.strip("`") for name, *_ in table("docs/settings.md", "variable")}
    assert {*settings.FROM_ENVIRONMENT.values(), "KOMAINU_SETTINGS"} <= told


def test_the_textbook_is_told_as_it_is() -> None:
    page = "docs/textbook.md"
    classes = {name: int(n) for name, n, *_ in table(page, "words")}
    assert classes.pop("all") == len(words.WORDS)
    assert sum(classes.values()) == len(words.WORDS)
    rates = {name.strip("`"): float(rate) for name, rate, *_ in table(page, "fault")}
    assert rates == {f.name: f.default for f in fields(Faults)}
    assert [name.strip("`") for name, *_ in table(page, "family")] == [task.name for task in TASKS]
    text = " ".join(prose(page).split())
    for told in (f"first {words.CORE} of", f"probability of {100 * words.RARE:g} %"):
        assert told in text, told
    assert f"{round(sum(combinations().values()) / 1e6)} million" in text


def test_how_few_words_make_up_the_textbook_is_told() -> None:
    rng = random.Random(0)
    drawn = [sample(rng) for _ in range(20_000)]
    said = Counter(word.ja for s in drawn for word in s.words)
    share = 100 * sum(n for _, n in said.most_common(100)) / said.total()
    told = [int(value) for _, value in table("docs/textbook.md", "in 20,000 drawn sentences")]
    assert told == [len(said), round(share), len({s.key for s in drawn})]


def test_statistics_are_told_with_their_constants() -> None:
    from komainu.eval.columns import LIMIT
    from komainu.eval.stats.bootstrap import RESAMPLES
    from komainu.eval.stats.flips import FEW
    from komainu.eval.stats.intervals import LEVEL

    text = prose("docs/statistics.md")
    for told in (f"{100 * LEVEL:g} %", f"{100 * LIMIT:g} %", f"{RESAMPLES:,} ", f"at most {FEW} items differ"):
        assert told in text, told
