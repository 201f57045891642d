"""Published trees: their rows come out, what they hold is tolerated and counted, what cannot be read is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.board import Board, Entry
from komainu.eval.imported.shaberi import question, scanned
from komainu.eval.imported.stages import ImportedAnswers, ImportedScores, items
from komainu.eval.imported.whole import Imported, imported
from komainu.eval.judge.historical import Historical
from komainu.rows import Chat, Score
from komainu.stage import upstream_first, wiring
from tests.core_fakes import context
from tests.eval.imported.trees import ELYZA, MT, PANEL, RAKUDA, TENGU, row, small, write
from tests.eval.reference import FIXTURES, needs_fixtures

PUBLISHED = {  # ELYZA twice its scale, JA-MT, Rakuda, Tengu, average: the public tables, pooled over the three judges
    "microsoft/phi-4": (8.49, 8.65, 9.11, 7.68, 8.48),
    "google/gemma-3-12b-it": (8.34, 8.67, 9.02, 7.88, 8.48),
    "mistralai/Mistral-Nemo-Instruct-2407": (7.29, 8.03, 8.68, 6.73, 7.68),
}
BENCHES = ("elyza_tasks_100", "ja_mt_bench_1shot", "rakuda", "tengu_bench")


def forget() -> None:
    """As a new process would."""
    scanned.cache_clear()
    items.cache_clear()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    forget()


def built(store: Path, root: Path, *judges: str) -> tuple[Context, Imported, dict[str, Any], dict[str, Any]]:
    """A tree imported: the context, the target, its table and its summary."""
    forget()
    ctx, target = context(store), imported(str(root), judges)
    artifact = ctx.store.build(target, ctx)
    return ctx, target, json.loads((artifact.path / "import.json").read_bytes()), artifact.summary


def only(scores: tuple[ImportedScores, ...], model: str, bench: str) -> ImportedScores:
    (found,) = (s for s in scores if (s.answers.model.name, s.bench.name) == (model, bench))
    return found


@needs_fixtures
def test_the_published_rows_come_out(tmp_path: Path) -> None:
    _, target, found, summary = built(tmp_path, Path(FIXTURES, "shaberi", "tree"))
    rows = {line["model"]: line for line in found["panel"]}
    for model, numbers in PUBLISHED.items():
        means = [rows[model][bench]["mean"] for bench in (*BENCHES, "average")]
        assert [round(mean, 2) for mean in means] == [*numbers], model
    assert summary["missing"]["llmjudge-athenev2"]["rakuda"] == [36, 120]
    assert summary["tolerated"] == {"null scores": 60, "questions with several answers": 608}
    assert rows["microsoft/phi-4"]["rakuda"]["missing"] == 16
    assert rows["microsoft/phi-4"]["average"]["balanced"] == pytest.approx(8.4693, abs=1e-4)
    assert {line["judges"][0] for line in found["alone"]} == {"gpt-4-turbo-preview"}
    assert len(target.alone) == 8 and len(target.panel) == 12


@needs_fixtures
def test_the_folder_of_judgements_does_as_well_as_the_tree(tmp_path: Path) -> None:
    tree = Path(FIXTURES, "shaberi", "tree")
    assert imported(str(tree / "judgements")).id == imported(str(tree)).id
    with pytest.raises(UsageError, match="there are no judgements"):
        imported(str(tree / "judgements" / "judge_llmjudge-llama33"))
    with pytest.raises(UsageError, match="no judge 'llmjudge-llama3'; did you mean 'llmjudge-llama33'"):
        imported(str(tree), ["llmjudge-llama3"])


def test_what_a_tree_holds_is_tolerated_and_counted(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    odd: list[dict[str, Any] | str] = [
        row(0, None),
        "",
        row(1, {"score": 4, "judge_output": "良い\n[点数]\n4点"}),
        row(2, "four"),
        row(3, 6),
        row(4, 5),
        row(4, 5),
        row(99, 5),
        "  ",
        row(5, True),
    ]
    write(root, PANEL[0], ELYZA, "a/one", odd)
    write(root, PANEL[0], MT, "a/one", [*(row(i, 8) for i in range(6)), *(row(i, 1) for i in range(60, 80))])
    write(root, PANEL[0], "kunishou__other", "a/one", [row(0, 1)])
    (root / "judgements" / f"judge_{PANEL[0]}" / ELYZA / "notes.txt").write_text("x")
    ctx, target, _, summary = built(tmp_path / "store", root)
    assert summary["tolerated"] == {
        "blank lines": 2,
        "null scores": 1,
        "rows of other questions": 21,
        "rows that repeat an answer": 1,
        "scores in an object": 1,
    }
    assert dict(scanned(str(root)).aside) == {"files of other sets": 1, "other files": 1}
    scores = only(target.panel, "a/one", "elyza_tasks_100")
    said = {s.id: s for s in ctx.open(scores).rows() if isinstance(s, Score) and s.by == PANEL[0]}
    assert [said[f"elyza-tasks-100-{n}"].value for n in range(1, 7)] == [None, 4.0, None, None, 5.0, None]
    why = [said[f"elyza-tasks-100-{n}"].why for n in range(1, 7)]
    at = f"judge_{PANEL[0]}/{ELYZA}/a__one.json"
    assert why[0] == f"missing: null score ({at}:1)" and why[1] == f"良い\n[点数]\n4点\n{at}:3"
    assert "none of the formats" in why[2] and f"({at}:4)" in why[2] and "out of range: 6 is not from 0 to 5" in why[3]
    mt = ctx.open(only(target.panel, "a/one", "ja_mt_bench_1shot")).summary
    assert mt["metrics"]["score"]["n"] == 18 and mt["judges"]["score"]["by"][PANEL[0]]["mean"] == 8.0


def test_the_judges_need_not_have_the_same_answer_before_them(tmp_path: Path) -> None:
    root = small(tmp_path / "tree", models=("m",))
    write(root, PANEL[2], RAKUDA, "m", (row(i, 1, answer="別の答え" if i < 2 else "") for i in range(5)))
    ctx, target, _, summary = built(tmp_path / "store", root)
    scores = only(target.panel, "m", "rakuda")
    chats = [row for row in ctx.open(scores.answers).rows() if isinstance(row, Chat) and row.meta["bench"] == "rakuda"]
    assert [(c.id, c.meta.get("sample"), sorted(c.meta["verdicts"])) for c in chats[:2]] == [
        ("rakuda-1", 0, [*PANEL[:2]]),
        ("rakuda-1", 1, [PANEL[2]]),
    ]
    assert summary["tolerated"] == {"questions a file lacks": 1, "questions with several answers": 2}
    found = ctx.open(scores).summary["judges"]["score"]["by"][PANEL[2]]
    assert found == {"mean": 1.0, "n": 5, "missing": 1}  # the question that its file lacks
    last = [s for s in ctx.open(scores).rows() if isinstance(s, Score) and s.id == "rakuda-6" and s.by == PANEL[2]]
    assert [s.why for s in last] == [f"missing: no row (judge_{PANEL[2]}/{RAKUDA}/m.json)"]


def test_items_are_what_most_files_ask(tmp_path: Path) -> None:
    root = small(tmp_path / "tree", models=("a", "b", "c"))
    write(root, PANEL[0], TENGU, "a", (row(i, 5, Category="表", Criteria="基準") for i in range(3, 12)))
    ctx, target, _, summary = built(tmp_path / "store", root)
    items = [
        row for row in ctx.open(target.items).rows() if isinstance(row, Chat) and row.meta["bench"] == "tengu_bench"
    ]
    assert [item.id for item in items] == [f"tengu-bench-{n}" for n in range(1, 7)]
    assert items[0].meta["source"] == "lightblue/tengu_bench" and items[3].meta["task"] == "表"
    assert items[3].meta["rubric"] == "基準" and summary["tolerated"]["rows of other questions"] == 6


WRONG: list[tuple[str, str]] = [
    ('{"Question": "q"', r"one\.json:2: no row: Input data was truncated; mend the file or take it out of the tree"),
    ("[1]", r"one\.json:2: no row: Expected `object`"),
    (json.dumps({"ModelAnswer": "a", "score": 1}), r"one\.json:2: no row: .* required field `Question`"),
    (json.dumps({"Question": "質問0", "ModelAnswer": 3, "score": 1}), r"one\.json:2: no row: .* at `\$\.ModelAnswer`"),
    (json.dumps({"Question": "質問0", "ModelAnswer": "a"}), r"one\.json:2: no row: .* required field `score`"),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_what_cannot_be_read_is_refused_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    root = small(tmp_path / "tree")
    write(root, PANEL[1], RAKUDA, "a/one", [row(0, 1), line])
    with pytest.raises(UsageError, match=said):
        built(tmp_path / "store", root)


def test_a_second_import_builds_nothing_and_a_new_model_leaves_the_others_alone(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    ctx, _, _, _ = built(tmp_path / "store", root)
    before = {artifact.ref for artifact in ctx.store.ls()}
    built(tmp_path / "store", root)
    assert {artifact.ref for artifact in ctx.store.ls()} == before
    small(root, models=("new",))
    _, larger, _, _ = built(tmp_path / "store", root)
    new = {artifact.ref for artifact in ctx.store.ls()} - before
    assert sorted(ref.split("/")[0] for ref in new) == ["imported", "importedanswers", *["importedscores"] * 4]
    moved = shutil.move(root, tmp_path / "elsewhere")
    forget()
    assert imported(str(moved)).id == larger.id  # where a tree lies is no part of what it is


def test_a_file_that_changes_between_is_noticed(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    target = imported(str(root))
    write(root, PANEL[1], RAKUDA, "a/one", (row(i, 1) for i in range(6)))
    with pytest.raises(UsageError, match=r"a__one\.json has changed since the tree was looked at"):
        ctx = context(tmp_path / "store")
        ctx.store.build(target, ctx)


def test_the_words_that_were_kept_are_read_by_another_rule_and_nobody_is_asked(tmp_path: Path) -> None:
    root = small(tmp_path / "tree", models=("m",))
    write(root, PANEL[0], MT, "m", (row(i, 9, judge_output=f"十分\nFINAL SCORE: {i + 0.5}") for i in range(6)))
    ctx, target, _, _ = built(tmp_path / "store", root)
    scores = only(target.panel, "m", "ja_mt_bench_1shot")
    again = replace(scores, rule=Historical())
    ctx.store.build(again, ctx)
    values = {s.id: s.value for s in ctx.open(again).rows() if isinstance(s, Score) and s.by == PANEL[0]}
    assert [*values.values()] == [0.0, 2.0, 2.0, 4.0, 4.0, 6.0]  # halves to even
    assert scores.how != again.how and sum(s.answers == scores.answers for s in target.panel) == 4


def test_a_board_takes_them_withholds_what_lacks_verdicts_and_tells_apart_who_judged(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    write(root, PANEL[0], RAKUDA, "a/one", (row(i, None if i < 2 else 8) for i in range(6)))
    ctx, target, _, _ = built(tmp_path / "store", root)
    by = {model: [s for s in target.panel if s.answers.model.name == model] for model in ("a/one", "a/two")}
    board = Board(entries=tuple(Entry(name=model, scores=tuple(some)) for model, some in by.items()))
    ctx.store.build(board, ctx)
    found = json.loads((ctx.open(board).path / "board.json").read_bytes())
    one, two = found["headline"]
    assert one["ja"]["mean"] is None and "rakuda" in one["ja"]["withheld"] and two["ja"]["mean"] is not None
    fewer = imported(str(root), PANEL[:2]).panel
    assert fewer == imported(str(root), PANEL[1::-1]).panel  # the order of judges plays no part
    mixed = Board(entries=(Entry(name="a/one", scores=tuple(by["a/one"])), Entry(name="b", scores=fewer[4:])))
    assert any("judged otherwise" in problem for _, problem in wiring(mixed))


def test_without_the_published_panel_all_judges_are_one(tmp_path: Path) -> None:
    root = small(tmp_path / "tree", models=("m",))
    shutil.rmtree(root / "judgements" / f"judge_{PANEL[0]}")
    _, target, found, _ = built(tmp_path / "store", root)
    assert {scores.judges for scores in target.panel} == {PANEL[1:]} and not target.alone
    assert found["panel"][0]["average"]["mean"] == pytest.approx((2 * 4.5 + 3 * 4.5) / 4)
    _, target, _, _ = built(tmp_path / "store", root, PANEL[2])
    assert {s.judges for s in target.panel} == {(PANEL[2],)} and {s.judges for s in target.alone} == {(PANEL[1],)}


def test_a_model_without_a_set_has_no_average(tmp_path: Path) -> None:
    root = small(tmp_path / "tree")
    for judge in PANEL:
        (root / "judgements" / f"judge_{judge}" / TENGU / "a__one.json").unlink()
    _, _, found, _ = built(tmp_path / "store", root)
    assert found["panel"][0]["average"] == dict.fromkeys(("mean", "balanced", "worst", "best"))
    assert found["panel"][1]["average"]["mean"] is not None


def test_scores_of_a_judge_who_was_not_there_are_refused(tmp_path: Path) -> None:
    scores = imported(str(small(tmp_path / "tree"))).panel[0]
    wrong = [problem for _, problem in wiring(replace(scores, judges=("nobody",)))]
    assert wrong == ["ImportedScores.judges has 'nobody', who did not judge a/one on elyza_tasks_100"]
    answers = upstream_first(scores)[-2]
    assert isinstance(answers, ImportedAnswers) and len(answers.files) == 12


WHOLE = b'{"Question":"q","ModelAnswer":null,"score":1}'


@given(
    st.dictionaries(st.text(max_size=8), st.text() | st.integers(), max_size=3),
    st.text(),
    st.randoms(),
    st.booleans(),
)
def test_a_question_is_seen_without_reading_the_row(
    more: dict[str, Any], text: str, rng: Any, ascii_only: bool
) -> None:
    keys = [*more.items(), ("Question", text), ("ModelAnswer", f'"Question":"{text}"')]
    rng.shuffle(keys)
    line = json.dumps(dict(keys), ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert question(line, {}) == dict(keys)["Question"]


@given(st.lists(st.binary(max_size=40) | st.sampled_from([WHOLE, b"", b" "])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, some: list[bytes]) -> None:
    path = small(tmp_path, models=("m",)) / "judgements" / f"judge_{PANEL[0]}" / ELYZA / "m.json"
    path.write_bytes(b"\n".join(some))
    forget()
    tree = scanned(str(tmp_path))
    try:
        every = [*tree.rows(tree.files[0])]
        assert len(every) == sum(bool(line.strip()) for each in some for line in each.split(b"\n"))
    except UsageError as error:
        assert "m.json:" in str(error)
