"""Identify says which language, right on short text, and nothing where nobody could tell."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.language import Piece, pieces
from komainu.checks.identify import chinese_only, identify, japanese_only
from tests.checks.helpers import needs_fixtures, tatoeba


def verdicts(some: list[Piece]) -> Counter[str]:
    found = [(identify(p.text), p.lang) for p in some]
    return Counter("right" if g == w else "undecided" if not g else "wrong" for g, w in found)


def test_the_labelled_pieces_are_told_apart() -> None:
    assert len(pieces()) >= 400
    seen = verdicts(pieces())
    assert seen["right"] >= 460 and seen["wrong"] <= 15


def test_kanji_alone_is_undecided_rather_than_wrong() -> None:
    kanji = [p for p in pieces() if p.topic.startswith("kanji-only")]
    seen = verdicts(kanji)
    assert len(kanji) >= 50 and seen["wrong"] <= 1 and seen["right"] >= 20
    assert [identify(t) for t in ("東京大学", "中国", "正解", "山川")] == [""] * 4


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("駅前広場", "ja"),
        ("我用iPhone拍照", "zh"),
        ("日语的“ありがとう”就是谢谢", "zh"),
        ("中国語で「谢谢」と言います。", "ja"),
        ("大韓民國의 헌법", "ko"),
        ("watashi wa gakusei desu", "ja"),
        ("¯\\_(ツ)_/¯", ""),
        ("```python\nfor word in words: pass\n```", ""),
        ("", ""),
    ],
)
def test_signs_of_a_language(text: str, language: str) -> None:
    assert identify(text) == language


def test_characters_of_one_language_alone() -> None:
    assert set("们说车您佢") <= chinese_only() and not set("国学剝頰塡俱吞裏") & chinese_only()
    assert set("駅働畑円榊") <= japanese_only() and not chinese_only() & japanese_only()


@given(st.text(alphabet=st.sampled_from('駅国我了aB é「」"ァ가ㅋ。 \n`$的я1'), max_size=60))
def test_any_text_has_one_of_the_answers(text: str) -> None:
    assert identify(text) in {"ja", "en", "zh", "ko", "other", ""}


@needs_fixtures
def test_real_sentences_are_told_apart() -> None:
    found = {code: Counter(map(identify, tatoeba(code))) for code in ("jpn", "cmn", "kor")}
    assert found["jpn"]["ja"] >= 998 and found["kor"]["ko"] == 1000
    assert found["cmn"]["zh"] >= 960 and found["cmn"]["ja"] <= 2 and set(found["cmn"]) <= {"zh", "ja", ""}
    assert all(Counter(map(identify, tatoeba("eng", other)))["en"] >= 999 for other in ("jpn", "cmn", "kor"))
