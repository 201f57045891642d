"""Questions of several turns, and the Japanese MT-Bench with two."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import komainu.eval.suites as suites
from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.bench.mt_bench.bench import MtBench
from komainu.eval.bench.mt_bench.items import REFERRED, TEMPERATURES, MtBenchItems
from komainu.eval.evaluation import answers
from komainu.eval.items import Source
from komainu.eval.judge.panel import panel
from komainu.eval.shelf import Shelf
from komainu.eval.suites import Task
from komainu.eval.turns import Turns
from komainu.models.base import Model, Reply
from komainu.models.cache import Cached
from komainu.plan import Counts
from komainu.rows import Chat, Message
from komainu.stage import wiring
from komainu.store import Store
from tests.eval.reference import FIXTURES, needs_fixtures
from tests.eval.world import Parrot

CATEGORIES = [*TEMPERATURES]
MODEL = Model(name="candidate")
MARK = "3f9a2c71d04e6b58"


def folder(at: Path, n: int = 80, **more: Any) -> Path:
    """The files of the benchmark: question i of a category in turn, with both turns and both references."""
    at.mkdir(parents=True, exist_ok=True)
    ids = range(1, n + 1)
    asked = [{"question_id": i, "category": CATEGORIES[i % 8], "turns": [f"一{i}", f"二{i}"]} | more for i in ids]
    known = [{"question_id": i, "choices": [{"index": 0, "turns": [f"参一{i}", f"参二{i}"]}]} for i in ids]
    for name, rows in (("question_full.jsonl", asked), ("reference_gpt4o_human_annotated.jsonl", known)):
        (at / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return at


def task(at: Path) -> Task:
    (found,) = suites.ja_mt_bench_2turn(Shelf((at,)))
    return found


def asked(at: Path, limit: int = 0, **how: Any) -> Turns:
    found = task(folder(at))
    stage = answers(MODEL, found, found.items.limited(limit), how)
    assert isinstance(stage, Turns)
    return stage


def test_the_most_that_is_asked_is_the_last_turn_and_all_answers(tmp_path: Path) -> None:
    stage = asked(tmp_path, limit=8, max_tokens=30)
    items = [row for row in stage.items.rows() if isinstance(row, Chat)]  # type: ignore[attr-defined]
    (first, *others) = stage.requests(items)
    number = items[0].id.rpartition("-")[2]
    assert [m.content for m in first.question.messages if m.role == "user"] == [f"一{number}", f"二{number}"]
    assert [m.role for m in first.question.messages][-3:] == ["user", "assistant", "user"]
    assert (first.item, first.answers) == (items[0].id, 60) and len(others) == len(items) - 1
    with pytest.raises(UsageError, match="has not 3 turns"):
        [*replace(stage, turns=3).requests(items)]


@dataclass
class Listener:
    """Answers a turn with its text, and keeps what it was asked: temperature and messages."""

    say: Callable[[str], str | Reply] = lambda text: f"答え:{text}"
    heard: list[tuple[Model, tuple[Message, ...]]] = field(default_factory=list)
    batch_sensitive: bool = False

    def ask(self, model: Model, questions: Any) -> Any:
        for question in questions:
            self.heard.append((model, question.messages))
            said = self.say(question.messages[-1].content)
            yield said if isinstance(said, Reply) else Reply(said)


def rows(root: Path, stage: Turns, client: Any) -> list[Chat]:
    ctx = Context(Store(root), client)
    return [row for row in ctx.store.build(stage, ctx).rows() if isinstance(row, Chat)]


def test_each_turn_is_asked_after_the_models_own_answers(tmp_path: Path) -> None:
    listener = Listener()
    found = rows(tmp_path / "store", asked(tmp_path / "set"), listener)
    assert [(row.id, row.meta["turn"]) for row in found[:3]] == [
        ("ja-mt-bench-2turn-1", 1),
        ("ja-mt-bench-2turn-1", 2),
        ("ja-mt-bench-2turn-2", 1),
    ]
    assert [m.content for m in found[0].messages] == ["一1", "答え:一1"]
    assert [(m.role, m.content) for m in found[1].messages] == [
        ("user", "一1"),
        ("assistant", "答え:一1"),
        ("user", "二1"),
        ("assistant", "答え:二1"),
    ]
    turns = [len(messages) for _, messages in listener.heard]
    assert turns == [1] * 80 + [3] * 80  # all first turns, then all second ones


def test_temperatures_and_references_are_fastchats() -> None:
    warm = {"writing": 0.7, "roleplay": 0.7, "stem": 0.1, "humanities": 0.1}
    assert warm | dict.fromkeys(("extraction", "math", "coding", "reasoning"), 0.0) == TEMPERATURES
    assert {*REFERRED} == {"math", "coding", "reasoning"}


def test_each_category_has_its_temperature_unless_one_is_said(tmp_path: Path) -> None:
    listener, category = Listener(), {f"一{i}": CATEGORIES[i % 8] for i in range(1, 81)}
    rows(tmp_path / "a", asked(tmp_path / "set"), listener)
    assert {(category[m[0].content], model.temperature) for model, m in listener.heard} == {*TEMPERATURES.items()}
    assert {model.max_tokens for model, _ in listener.heard} == {1024}
    listener = Listener()
    stage = asked(tmp_path / "set", temperature=0.5, max_tokens=9)
    rows(tmp_path / "b", stage, listener)
    assert {(model.temperature, model.max_tokens) for model, _ in listener.heard} == {(0.5, 9)}
    assert stage.sampled["temperature"] == 0.5 and asked(tmp_path / "set").sampled["temperature"] == TEMPERATURES


def test_a_run_that_was_stopped_goes_on_between_the_turns(tmp_path: Path) -> None:
    stage = asked(tmp_path / "set", limit=6)

    def stops(model: Model, text: str, sample: int) -> str:
        if parrot.asked == 9:
            raise KeyboardInterrupt
        return f"答え:{text}"

    parrot = Parrot(stops)
    ctx = Context(Store(tmp_path / "store"), Cached(parrot, tmp_path / "calls.sqlite"))
    with pytest.raises(KeyboardInterrupt):
        ctx.store.build(stage, ctx)
    kept = parrot.asked - 1
    parrot.say = lambda model, text, sample: f"答え:{text}"
    ctx.store.build(stage, ctx)
    assert parrot.asked == 12 + 1 and kept == 8


@pytest.mark.parametrize("finish", ["content_filter", "context_overflow"])
def test_after_an_answer_that_was_not_given_there_is_no_next_question(tmp_path: Path, finish: str) -> None:
    listener = Listener(lambda text: Reply("", finish) if text == "一1" else f"答え:{text}")
    first, second, *_ = rows(tmp_path / "store", asked(tmp_path / "set"), listener)
    assert (first.meta["finish"], second.meta["finish"], second.meta["turn"]) == (finish, finish, 2)
    assert second.reply == "" and len(listener.heard) == 159


def test_what_a_turn_tells_of_itself_is_not_told_of_the_next(tmp_path: Path) -> None:
    long = Reply("長い", "length", thinking="考え")
    listener = Listener(lambda text: long if text.startswith("一") else "答え")
    first, second, *_ = rows(tmp_path / "store", asked(tmp_path / "set"), listener)
    assert (first.meta["finish"], first.meta["thinking"]) == ("length", "考え")
    assert "finish" not in second.meta and "thinking" not in second.meta


def test_wrong_settings_and_items_are_refused(tmp_path: Path) -> None:
    stage = asked(tmp_path / "set")
    for wrong in (replace(stage, samples=2), replace(stage, temperatures=(0.0, 1.0)), replace(stage, turns=0)):
        assert any("Turns." in problem for _, problem in wiring(wrong))
    with pytest.raises(UsageError, match="'ja-mt-bench-2turn-1' has not 3 turns"):
        rows(tmp_path / "store", replace(stage, turns=3), Listener())
    assert Counts({}, set())(stage) == 160


def test_the_benchmark_is_80_questions_with_the_references_they_need(tmp_path: Path) -> None:
    for n in (60, 79, 81):
        with pytest.raises(UsageError, match=rf"holds {n} questions; the Japanese MT-Bench with two turns has 80"):
            task(folder(tmp_path / str(n), n)).items.rows()
    at = folder(tmp_path / "set")
    known = {row.id for row in task(at).items.rows() if "references" in row.meta}
    assert known == {f"ja-mt-bench-2turn-{i}" for i in range(1, 81) if CATEGORIES[i % 8] in REFERRED}
    file = at / "reference_gpt4o_human_annotated.jsonl"
    file.write_text("".join(line + "\n" for line in file.read_text().splitlines() if '"question_id": 3,' not in line))
    with pytest.raises(UsageError, match="no answer to question 3, which judges compare with one"):
        task(at).items.rows()
    with pytest.raises(UsageError, match="unknown category 'poetry'"):
        task(folder(tmp_path / "poems", category="poetry")).items.rows()
    with pytest.raises(UsageError, match=r"question_full.jsonl:1: .*turns"):
        task(folder(tmp_path / "one", turns=["a"])).items.rows()


def shown(bench: MtBench, chat: Chat) -> str:
    return bench.asked(chat, MARK).messages[0].content


def test_the_judge_of_a_second_turn_sees_the_conversation_and_both_references(tmp_path: Path) -> None:
    found = rows(tmp_path / "store", asked(tmp_path / "set"), Listener())
    for first, second in zip(found[::2], found[1::2], strict=True):
        i, refers = first.id.split("-")[-1], first.meta["task"] in REFERRED
        one, two = shown(MtBench(), first), shown(MtBench(), second)
        assert f"一{i}" in one and f"二{i}" not in one and f"<answer-{MARK}>\n答え:一{i}\n" in one
        assert f"利用者：\n一{i}\n\nAI：\n答え:一{i}\n\n利用者：\n二{i}\n</talk-{MARK}>" in two
        assert f"<answer-{MARK}>\n答え:二{i}\n</answer-{MARK}>" in two and "最後の回答だけ" in two
        assert ((f"参一{i}" in one), (f"参二{i}" in one)) == (refers, False)
        assert ((f"参一{i}" in two), (f"参二{i}" in two)) == (refers, refers)


def test_the_score_is_the_mean_of_both_turns_by_category_and_by_turn(tmp_path: Path) -> None:
    def judges(text: str) -> str:
        mark = text.split("<answer-")[1][: len(MARK)]
        return f"理由\n<verdict-{mark}>{4 if '<talk-' in text else 8}</verdict-{mark}>" if "<answer-" in text else text

    ctx = Context(Store(tmp_path / "store"), Listener(lambda text: judges(text) if "<answer-" in text else "答え"))
    stage = panel(asked(tmp_path / "set"), MtBench(), (Model(name="a"), Model(name="b")))
    summary = ctx.store.build(stage, ctx).summary
    assert summary["metrics"]["score"]["mean"] == 6 and summary["metrics"]["score"]["n"] == 320
    assert {name: each["mean"] for name, each in summary["overall"].items()} == {"turn_1": 8, "turn_2": 4}
    said = [row.meta["turn"] for row in ctx.open(stage.verdicts[0]).rows() if isinstance(row, Chat)]
    assert said == [1, 2] * 80
    assert summary["overall"]["turn_1"]["n"] == 160 and {*summary["by"]} == {*TEMPERATURES}


@needs_fixtures
def test_the_published_questions_are_read_and_shown_whole() -> None:
    at = Path(FIXTURES, "mt_bench")
    made = task(at).items
    assert isinstance(made, MtBenchItems) and Path(made.references.path).name == "reference_gpt4o_human_annotated.jsonl"
    for chat in made.rows():
        talk = (*chat.messages, Message("assistant", "答え"), Message("user", chat.meta["turns"][1]))
        done = Chat(chat.id, (*talk, Message("assistant", "次の答え")), {**chat.meta, "turn": 2})
        text = shown(MtBench(), done)
        assert all(part in text for part in (*chat.meta["turns"], *chat.meta.get("references", ())))
        assert ("references" in chat.meta) == (chat.meta["task"] in REFERRED)
    with pytest.raises(UsageError, match="holds 60 questions"):
        MtBenchItems(source=Source(path=str(at / "question.jsonl")), references=made.references).rows()
