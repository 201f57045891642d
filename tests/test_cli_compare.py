"""`komainu eval compare`: all pairs of the models of some results from the command line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from komainu.cli import main
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.board import Board, Entry
from komainu.eval.judge.panel import panel
from komainu.models.base import Model, Question, Reply
from komainu.store import reference
from tests.eval.judge.world import KIND, NEW, STRICT, Counting, Marks
from tests.eval.reference import FIXTURES, needs_fixtures
from tests.eval.world import Items, Say, context, right, share_right
from tests.test_cli import Said

SHARES = {"base": 0.2, "sft": 0.8, "dpo": 0.85, "twin": 0.8}
BENCHES = (ExactMatch(language="ja"), ExactMatch(language="en"))
PHI, NEMO = "microsoft/phi-4", "mistralai/Mistral-Nemo-Instruct-2407"
Run = Callable[..., Said]


def entry(name: str, seeds: Sequence[int] = (0,), n: int = 80) -> Entry:
    model = Model(name=name, temperature=0.7)
    asked = [Answers(model=replace(model, seed=seed), items=Items(n=n)) for seed in seeds]
    return Entry(name=name, scores=tuple(Scores(answers=a, bench=bench) for bench in BENCHES for a in asked))


def build(name: str, board: Board | Scores, say: Say | None = None) -> str:
    ctx = context(Path("store"), say or share_right(SHARES))
    ctx.store.build(board, ctx)
    ctx.store.name(name, board)
    return reference(board)


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `komainu eval compare` in a folder whose store has a board of three models and one of a fourth."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("KOMAINU_SETTINGS", raising=False)
    monkeypatch.setattr(logging.getLogger("komainu"), "handlers", [])  # those of a command that has ended
    build("three", Board(entries=tuple(map(entry, ("base", "sft", "dpo")))))
    build("one", Board(entries=(entry("twin"),)))

    def run(*words: str) -> Said:
        return Said(main(["eval", "compare", *words]), *capfd.readouterr())

    return run


def test_all_pairs_of_all_targets_are_compared_over_their_benches_and_averages(compare: Run) -> None:
    found = compare("three", "one", "--json").json
    assert found["models"] == ["base", "sft", "dpo", "twin"] and len(found["pairs"]) == 6 * 5
    first = found["pairs"][0]
    what = ("a", "b", "bench", "language", "metric", "n")
    assert [first[key] for key in what] == ["base", "sft", "average", "ja", "mean", 40]
    assert first["difference"] == 60 and first["low"] < 60 < first["high"] and first["word"] == "better"
    assert first["p"] <= first["p_adjusted"] < 1e-5 and first["detectable"] > 0 and first["decide"] is None
    exact = next(p for p in found["pairs"] if (p["a"], p["b"], p["bench"]) == ("base", "sft", "exact"))
    assert (exact["difference"], exact["up"], exact["cells"], exact["only_a"]) == (0.6, 24, 40, 0)
    assert found["groups"] == [["dpo", "sft", "twin"], ["base"]] and found["grouped_by"] == "avg"


def test_a_pair_that_is_not_decided_tells_what_would(compare: Run) -> None:
    found = compare("three", "one", "--json").json
    pairs = {(p["a"], p["b"], p["bench"], p["language"]): p for p in found["pairs"]}
    close = pairs["sft", "dpo", "exact", "ja"]
    assert close["word"] == "not distinguishable" and close["difference"] == 0.05
    assert close["decide"]["items"] > 40 and close["decide"]["judges"] is None
    assert close["detectable"] > 0.05 and close["p"] > 0.05 / 18
    alone = compare("three", "--json").json["pairs"]
    same = next(p for p in alone if (p["a"], p["b"], p["bench"], p["language"]) == ("sft", "dpo", "exact", "ja"))
    assert same["p"] == close["p"] and same["decide"]["items"] < close["decide"]["items"]  # a smaller family asks less
    equal = pairs["sft", "twin", "average", "avg"]
    assert (equal["difference"], equal["p"], equal["decide"]["items"]) == (0, 1, None)
    assert equal["decide"]["why"].startswith("the difference seen is 0")


def test_the_lines_say_the_same(compare: Run) -> None:
    said = compare("three", "one")
    assert said.code == 0
    lines = said.out.splitlines()
    assert any(line.split()[:4] == ["base", "sft", "average", "(ja)"] and " better" in line for line in lines)
    assert "not distinguishable (avg): dpo, sft, twin" in lines and "alone: base" in lines
    assert "more items" in said.out and "the difference seen is 0" in said.out


def test_sets_of_scores_are_results_too(compare: Run) -> None:
    refs = [build(name, entry(name).scores[0]) for name in ("base", "sft")]
    found = compare(*refs, "--json").json
    assert [(p["bench"], p["language"]) for p in found["pairs"]] == [("average", "ja"), ("exact", "ja")]
    assert compare(refs[0], "--json").code == 2 and "1 model" in compare(refs[0]).err


def test_a_model_is_its_numbers_in_all_named_results(compare: Run) -> None:
    found = compare("base", "twin", "--json").json
    wanted = compare("three", "one", "--json").json["pairs"]
    both = [pair for pair in wanted if (pair["a"], pair["b"]) == ("base", "twin")]
    told = ("bench", "language", "difference", "low", "high", "p")
    assert found["models"] == ["base", "twin"] and len(both) == 5
    assert [[p[key] for key in told] for p in found["pairs"]] == [[p[key] for key in told] for p in both]
    three = reference(Board(entries=tuple(map(entry, ("base", "sft", "dpo")))))
    for words in ((three, "base"), ("base", three), ("base", "sft", three), ("base", "base", "sft", "dpo")):
        assert compare(*words, "--json").json["models"] == ["base", "sft", "dpo"], "a number comes once"


def test_what_was_measured_otherwise_is_refused(compare: Run) -> None:
    build("less", Board(entries=(entry("twin", n=60),)))
    said = compare("three", "less")
    assert said.code == 2 and "exact (ja) was measured in different ways" in said.err and "items" in said.err
    build("colder", Board(entries=(Entry(name="twin", scores=tuple(cold(s) for s in entry("twin").scores)),)))
    assert "sampling temperature 0" in compare("three", "colder").err
    assert "no artifact 'nothing'" in compare("three", "nothing").err


def cold(scores: Scores) -> Scores:
    return replace(scores, answers=replace(scores.answers, model=Model(name="twin")))


def marked(name: str, judges: Sequence[Model]) -> Board:
    answers = Answers(model=Model(name=name), items=Items(n=80))
    return Board(entries=(Entry(name=name, scores=(panel(answers, Marks(language="en"), judges),)),))


class Judges(Counting):
    """Judges that lack no verdict: the kind one gives a mark more; `good` is worth two more than `candidate`."""

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for question in questions:
            text = question.messages[-1].content
            if model.name in ("good", "candidate"):
                yield Reply(f"{model.name} answer to {text}")
                continue
            code = text.rsplit("</verdict-", 1)[1].partition(">")[0]
            mark = 1 + (model.name == "kind") + 2 * ("good answer" in text) + len(text) % 2
            yield Reply(f"Well.\n<verdict-{code}>{mark}</verdict-{code}>")


def test_verdicts_of_a_panel_are_paired_by_judge_and_other_judges_are_refused(compare: Run) -> None:
    for name, who, judges in (("a", "candidate", (STRICT, KIND)), ("b", "good", (STRICT, KIND)), ("c", "good", (NEW,))):
        ctx = context(Path("store"), share_right({}))
        ctx = replace(ctx, client=Judges())
        board = marked(who, judges)
        ctx.store.build(board, ctx)
        ctx.store.name(name, board)
    line = compare("a", "b", "--json").json["pairs"][-1]
    assert (line["bench"], line["n"], line["cells"], line["word"]) == ("marks", 40, 80, "better")
    assert 1 < line["difference"] <= 3
    said = compare("a", "c")
    assert said.code == 2 and "judges kind, strict" in said.err and "judges new" in said.err


def test_a_pair_that_lacks_verdicts_is_withheld_unless_it_is_accepted(compare: Run) -> None:
    def say(model: Model, text: str, sample: int) -> str | Reply:
        i = int(text.split()[1])
        return Reply("", finish="length") if i in (0, 2) else right(i)

    build("gaps", Board(entries=(entry("gaps"),)), say)
    said = compare("three", "gaps", "--json")
    withheld = [p for p in said.json["pairs"] if p["withheld"]]
    assert said.code == 4 and {p["b"] for p in withheld} == {"gaps"} and "5.0 %" in withheld[0]["withheld"]
    nothing = ("difference", "low", "high", "p", "p_adjusted", "word", "decide", "detectable")
    assert all(line[key] is None for line in withheld for key in nothing), "no verdict, and not that of no difference"
    assert all(line["word"] and line["p"] <= line["p_adjusted"] for line in said.json["pairs"] if not line["withheld"])
    assert sum("withheld" in line for line in compare("three", "gaps").out.splitlines()) == len(withheld)
    accepted = compare("three", "gaps", "--accept-missing", "0.05", "--json")
    assert accepted.code == 0
    line = next(p for p in accepted.json["pairs"] if (p["b"], p["bench"], p["language"]) == ("gaps", "exact", "ja"))
    assert (line["n"], line["only_a"], line["items_lost"]) == (38, 2, 2)
    few, whole = (next(p for p in found.json["pairs"] if p["bench"] == "exact") for found in (said, accepted))
    assert few["withheld"] == "" and few["p"] == whole["p"] and few["p_adjusted"] >= whole["p_adjusted"]


def test_a_pair_without_a_verdict_of_both_on_any_item_is_withheld_however_much_is_accepted(compare: Run) -> None:
    def say(parity: int) -> Say:
        def said(model: Model, text: str, sample: int) -> str | Reply:
            i = int(text.split()[1])
            return right(i) if i // 2 % 2 == parity else Reply("", finish="length")

        return said

    for parity, name in enumerate(("even", "odd")):
        build(name, Board(entries=(entry(name),)), say(parity))
    said = compare("even", "odd", "--accept-missing", "1", "--json")
    assert said.code == 4 and {line["word"] for line in said.json["pairs"]} == {None}
    assert {line["withheld"] for line in said.json["pairs"]} == {
        "no item has verdicts of both",
        "a bench has no item with verdicts of both",
    }
    assert said.json["groups"] == []


def test_runs_are_compared_as_one(compare: Run) -> None:
    def lucky(model: Model, text: str, sample: int) -> str:
        i = int(text.split()[1])
        share = {"shaky": 0.5 + 0.1 * model.seed, "steady": 0.7}[model.name]
        return right(i) if (i // 2) % 20 < 20 * share else "わかりません。"

    build("runs", Board(entries=(entry("shaky", (0, 1, 2)), entry("steady", (0, 1, 2)))), lucky)
    row = compare("runs", "--json").json
    pair = row["pairs"][0]
    assert pair["difference"] == pytest.approx(10) and pair["word"] == "not distinguishable"
    assert pair["decide"]["items"] is None or pair["decide"]["runs"] is not None


@needs_fixtures
def test_published_judgements_are_decided_as_they_should_be(compare: Run) -> None:
    """Three models before three judges, two of the three models before another one too; Rakuda lacks many verdicts."""
    assert main(["eval", "import", "shaberi", str(Path(FIXTURES) / "shaberi" / "tree")]) == 0
    assert compare("shaberi").code == 4
    found = compare("shaberi", "--accept-missing", "0.35", "--json").json
    gemma, phi, nemo = found["models"]
    means = {(p["a"], p["b"]): p for p in found["pairs"] if p["bench"] == "average"}
    assert means[gemma, phi]["word"] == "not distinguishable" and -0.5 < means[gemma, phi]["difference"] < 0
    assert means[gemma, phi]["decide"]["items"] > 10_000
    assert means[gemma, nemo]["word"] == means[phi, nemo]["word"] == "worse"
    assert found["groups"] == [[gemma, phi], [nemo]] and found["grouped_by"] == "ja"
    rakuda = [p for p in found["pairs"] if p["bench"] == "rakuda" and (p["a"], p["b"]) == (gemma, phi)]
    assert [(p["n"], p["cells"], p["only_a"], p["only_b"]) for p in rakuda] == [(40, 82, 12, 22)]
    judges = {p["judges"] for p in found["pairs"] if p["bench"] == "tengu_bench" and p["b"] == nemo and p["a"] == phi}
    assert means[phi, nemo]["benches"] == 4 and len(means) == 3
    assert judges == {"gpt-4-turbo-preview", "llmjudge-athenev2, llmjudge-llama33, llmjudge-tulu405"}


@needs_fixtures
def test_benches_that_both_have_before_two_panels_are_in_no_average(compare: Run) -> None:
    assert main(["eval", "import", "shaberi", str(Path(FIXTURES) / "shaberi" / "tree")]) == 0
    sets = [f"shaberi/{model}/tengu_bench{panel}" for model in (PHI, NEMO) for panel in ("", "/gpt-4-turbo-preview")]
    assert "by gpt-4-turbo-preview" in compare(*sets).out
    found = compare(*sets, "--json").json
    assert len(found["pairs"]) == 2 and {p["bench"] for p in found["pairs"]} == {"tengu_bench"}
    assert found["groups"] == [] and found["grouped_by"] is None
    assert [p["bench"] for p in compare(*sets[::2], "--json").json["pairs"]] == ["average", "tengu_bench"]
