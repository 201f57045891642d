from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sacrebleu.metrics import CHRF

from komainu.errors import NoSandbox, UsageError
from komainu.eval.base import Answers, Bench, Scores
from komainu.eval.bench.llm_jp_eval import comet, execution
from komainu.eval.bench.llm_jp_eval.bench import LlmJpEval, LlmJpEvalSimilarity, LlmJpEvalTranslation
from komainu.eval.bench.llm_jp_eval.datasets import DATASETS
from komainu.eval.items import Source
from komainu.eval.ruling import scored
from komainu.models.base import Model, Reply
from komainu.rows import Chat
from komainu.sandbox.base import Job, Outcome
from tests.eval.llm_jp_world import folder, items, right
from tests.eval.world import context


def one(tmp_path: Path, name: str) -> Chat:
    return items(folder(tmp_path, name)).rows()[0]


@pytest.mark.parametrize(
    ("name", "answer", "verdict"),
    [
        ("jnli", "out 0\n\nbecause", {"score": 1.0}),
        ("jnli", "out 1", {"score": 0.0}),
        ("jnli", "答えは out 0", {"score": 0.0}),
        ("aio", "0 OUT!", {"score": 1.0}),
        ("chabsa", "out 0\nx", {"score": 0.666667}),
        ("xlsum_ja", "out 0", {"score": 1.0}),
        ("mbpp", "def f(x):\n\n  return x + 1", {"score": 1.0}),
        ("mbpp", "def f(x): return x", {"score": 0.0}),
        ("alt-e-to-j", "out 0", {"score": None}),
    ],
)
def test_each_dataset_is_scored_by_the_metric_that_counts(
    tmp_path: Path, name: str, answer: str, verdict: dict[str, Any]
) -> None:
    chat = one(tmp_path, name).with_reply(answer)
    assert LlmJpEval().verdict(chat) == verdict and LlmJpEval().group(chat) == name


def test_a_missing_answer_is_missing_and_an_empty_one_wrong(tmp_path: Path) -> None:
    chat = one(tmp_path, "jnli")
    assert LlmJpEval().verdict(chat) == {"score": None} and LlmJpEval().verdict(chat.with_reply(" ")) == {"score": 0.0}


def refused(job: Job) -> Outcome:
    raise NoSandbox("no namespaces here")


def test_why_a_verdict_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "run", refused)
    why = {
        "mbpp": "not_available: no namespaces here",
        "alt-e-to-j": "not_available: no checkpoint of wmt22-comet-da is given (LlmJpEval.comet)",
        "jnli": "differs: x",
    }
    for name, expected in why.items():
        (score,) = scored(LlmJpEval(), one(tmp_path, name).with_reply("x"))
        assert score.why == expected


def test_the_benches_share_the_items(tmp_path: Path) -> None:
    rows = items(folder(tmp_path)).rows()
    benches: tuple[Bench, ...] = (LlmJpEval(), LlmJpEvalTranslation(), LlmJpEvalSimilarity())
    found = [{row.meta["dataset"] for row in rows if bench.applies(row)} for bench in benches]
    assert found[0] == DATASETS.keys() - {"jsts"} and found[2] == {"jsts"}
    assert found[1] == {"alt-e-to-j", "alt-j-to-e", "wikicorpus-e-to-j", "wikicorpus-j-to-e"}
    assert not any(bench.applies(rows[0].with_meta(bench="ifeval")) for bench in benches)


def test_translations_have_bleu_and_chrf_without_comet(tmp_path: Path) -> None:
    chat = one(tmp_path, "alt-j-to-e").with_meta(gold="The cat ate the fish.").with_reply("The cat ate a fish.")
    theirs = CHRF().sentence_score("The cat ate a fish.", ["The cat ate the fish."]).score / 100
    told = {"bleu": pytest.approx(0.37992, abs=1e-5), "chrf": pytest.approx(theirs, abs=1e-6)}
    assert LlmJpEvalTranslation().verdict(chat) == told


def test_a_similarity_is_close_or_not(tmp_path: Path) -> None:
    chat, bench = one(tmp_path, "jsts"), LlmJpEvalSimilarity()  # 2.5 is right
    told = {answer: bench.verdict(chat.with_reply(answer))["closeness"] for answer in ("2.5", "3", "9", "似ている")}
    assert told == {"2.5": 1.0, "3": 0.9, "9": 0.0, "似ている": 0.0}


def test_an_item_of_no_dataset_is_refused_by_its_id(tmp_path: Path) -> None:
    chat = one(tmp_path, "jnli").with_reply("x")
    with pytest.raises(UsageError, match="row 'llm-jp-eval-jnli-0': there is no dataset 'jnly'; did you mean 'jnli'"):
        LlmJpEval().score(chat.with_meta(dataset="jnly"))
    with pytest.raises(UsageError, match=r"row 'llm-jp-eval-jnli-0': meta\.gold must be a text, not 3"):
        LlmJpEval().score(chat.with_meta(gold=3))


class FakeComet:
    """Stands in for the package: the score is a tenth of the answer's length, and 1.2 for "best"."""

    loaded = ""

    def load_from_checkpoint(self, path: str) -> FakeComet:
        self.loaded += path
        return self

    def predict(self, rows: list[dict[str, str]], **_: Any) -> SimpleNamespace:
        assert rows[0].keys() == {"src", "mt", "ref"} and rows[0]["src"] == "in 0" and rows[0]["ref"] == "out 0"
        return SimpleNamespace(scores=[1.2 if row["mt"] == "best" else len(row["mt"]) / 10 for row in rows])


def test_comet_counts_when_it_is_installed_and_has_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "model.ckpt"
    weights.write_bytes(b"weights")
    chat, bench = one(tmp_path, "alt-e-to-j").with_reply("abc"), LlmJpEval(comet=Source(path=str(weights)))
    (score,) = bench.score(chat)
    assert score.value is None and "pip install unbabel-comet" in score.why
    monkeypatch.setattr(comet, "find_spec", lambda name: name == "comet")
    monkeypatch.setitem(sys.modules, "comet", package := FakeComet())
    comet.scorer.cache_clear()
    assert bench.verdict(chat) == {"score": 0.3} and bench.verdict(chat.with_reply("best")) == {"score": 1.0}
    assert package.loaded == str(weights)
    assert LlmJpEval(comet=Source(path=str(weights))).id != LlmJpEval().id
    comet.scorer.cache_clear()


def test_the_summary_has_the_average_and_the_correlations(tmp_path: Path) -> None:
    asked = items(folder(tmp_path / "data", "jnli", "aio", "jsts", n=4), shots=0)
    answers = {chat.messages[0].content: right(chat).reply for chat in asked.rows()}
    wrong = asked.rows()[0].messages[0].content
    ctx = context(tmp_path / "store", lambda model, text, sample: Reply("no" if text == wrong else answers[text]))
    told = {}
    for bench in (LlmJpEval(), LlmJpEvalSimilarity()):
        stage = Scores(answers=Answers(model=Model(name="m"), items=asked), bench=bench)
        told[bench.name] = ctx.store.build(stage, ctx).summary
    whole = told["llm_jp_eval"]["overall"]["average"]
    assert whole["mean"] == 0.875 and whole["partial"] and len(whole["lacking"]) == 25
    assert told["llm_jp_eval"]["by"]["jnli"]["mean"] == 0.75
    assert told["llm_jp_eval_sts"]["overall"]["pearson"]["mean"] == 0  # all the same
    assert told["llm_jp_eval_sts"]["overall"]["n"] == 4
