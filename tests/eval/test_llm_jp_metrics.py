"""The metrics of llm-jp-eval: by hand, and beside slow or other people's implementations."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from komainu.eval.bench.llm_jp_eval.bleu import bleu
from komainu.eval.bench.llm_jp_eval.metrics import char_f1, exact_match, rouge2, set_f1, similarity, sorted_words, words

TEXT = st.text(alphabet="あい漢字カナ abAB12_.,-é×・「」①\n", max_size=12)


def common(a: str, b: str) -> int:
    """The length of the longest common subsequence."""
    best = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b, 1):
            last, best[j] = best[j], last + 1 if x == y else max(best[j], best[j - 1])
    return best[-1]


@pytest.mark.parametrize(
    ("answer", "gold", "value"),
    [
        ("東京", "東京", 1.0),
        ("東京都", "東京", 0.8),  # 2 * 2 / 5
        ("大阪", "東京", 0.0),
        ("京都府", "東京都", 0.67),  # 京都 is common: 2 * 2 / 6
        ("San Francisco", "francisco, san", 1.0),  # order, case and marks do not count
        ("YES", "yes", 1.0),
        ("「夏目漱石」", "夏目漱石", 1.0),
        ("夏目漱石です。", "夏目漱石", 0.8),  # 2 * 4 / 10
        ("a_b", "ab", 0.8),  # the underscore is a word character
        ("café", "caf", 1.0),  # Latin-1 letters go
        ("", "", 1.0),
        ("。", "！", 1.0),
        ("", "東京", 0.0),
        ("8848m", "8,848m", 0.91),  # 2 * 5 / 11: the comma becomes a space, and stays one
    ],
)
def test_char_f1(answer: str, gold: str, value: float) -> None:
    assert char_f1(answer, gold) == value


@given(TEXT, TEXT)
@example("b a", "a b")
def test_char_f1_is_the_indel_similarity_of_the_sorted_words(answer: str, gold: str) -> None:
    a, b = sorted_words(answer), sorted_words(gold)
    share = 2 * common(a, b) / (len(a) + len(b)) if a or b else 1.0
    assert char_f1(answer, gold) == pytest.approx(share, abs=0.00500001)
    assert char_f1(answer, gold) == char_f1(gold, answer) == round(char_f1(answer, gold), 2)


@pytest.mark.parametrize(
    ("answer", "gold", "value"),
    [
        ("a\nb", "b\na", 1.0),
        ("a", "a\nb", 2 / 3),
        ("a\nb\nc\nd", "a\nb", 2 / 3),
        ("a\na\na", "a", 1.0),  # a line that is said again counts once
        ("a", "a\na", 2 / 3),  # a right line that is there twice counts twice, as upstream has it
        (" a \n", "a", 2 / 3),  # the empty last line is a line
        ("x", "a", 0.0),
        ("", "", 1.0),
    ],
)
def test_set_f1(answer: str, gold: str, value: float) -> None:
    assert set_f1(answer, gold) == pytest.approx(value)


@given(st.lists(st.sampled_from("abc"), max_size=5), st.lists(st.sampled_from("abc"), min_size=1, max_size=5))
def test_set_f1_is_the_harmonic_mean_of_precision_and_recall(said: list[str], right: list[str]) -> None:
    lines = set(said) or {""}
    hits = sum(line in right for line in lines)
    precision, recall = hits / len(lines), hits / len(right)
    value = 2 * precision * recall / (precision + recall) if hits else 0.0
    assert set_f1("\n".join(said), "\n".join(right)) == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "gold", "value"),
    [
        ("猫が魚を食べた", "猫が魚を食べた", 1.0),  # 猫 が 魚 を 食べ た
        ("犬が魚を食べた", "猫が魚を食べた", 0.8),  # four of five pairs
        ("猫", "猫", 0.0),  # one word makes no pair
        ("", "猫が", 0.0),
    ],
)
def test_rouge2(answer: str, gold: str, value: float) -> None:
    assert rouge2(answer, gold) == pytest.approx(value)


class Janome:
    """Our words, as rouge-score asks for them."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@given(TEXT, TEXT)
def test_rouge2_is_that_of_rouge_score(answer: str, gold: str) -> None:
    theirs = RougeScorer(["rouge2"], tokenizer=Janome()).score(gold, answer)["rouge2"].fmeasure
    assert rouge2(answer, gold) == pytest.approx(theirs)


def test_exact_match_is_exact() -> None:
    assert (exact_match("A", "A"), exact_match("A.", "A"), exact_match("a", "A")) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("3", 3.0),
        ("類似度は2.5です", 2.5),
        ("4.0.", None),
        ("-1", 1.0),
        ("わかりません", None),
        ("", None),
        ("3/5", 35.0),
    ],
)
def test_the_similarity_is_what_the_digits_make(answer: str, value: float | None) -> None:
    assert similarity(answer) == value


@given(st.text(max_size=20))
def test_any_answer_has_a_similarity_or_none(answer: str) -> None:
    found = similarity(answer)
    assert found is None or found >= 0


def test_bleu_cuts_japanese_into_words() -> None:
    assert bleu("猫が魚を食べた。", "猫が魚を食べた。", "ja") == 1.0
    assert 0.3 < bleu("犬が魚を食べた。", "猫が魚を食べた。", "ja") < 1
    assert bleu("犬が魚を食べた。", "猫が魚を食べた。", "en") == 0  # as one word
    assert bleu("The cat ate a fish.", "The cat ate the fish.", "en") == pytest.approx(0.3799, abs=1e-4)
