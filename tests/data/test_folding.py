"""Many texts folded at once have the keys of one text folded alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.folding import LIMIT, fold
from komainu.data.keys import folded

NASTY = "aBz19 ０９　\n\t、。…‥！？?（）-‐–'’.,:=～"
NASTY += "ｶﾞがか\u3099e\u0301éßﬁ㈱½①Ⅳ™\u200d\ufe0f🎉한\u1112\u1161\u11ab\u0338\U00020bb7٣𝟗"
TEXT = st.text(st.one_of(st.sampled_from(NASTY), st.characters()), max_size=24)


def plainly(text: str) -> str:
    """Folding as it is defined, a character at a time."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    for kinds in ("ZC", "P"):
        kept = []
        for place, char in enumerate(text):
            kind = unicodedata.category(char)
            gone = kind[0] in kinds and kind not in ("Cs", "Co", "Cn") and char != "?" and ord(char) < 0x10000
            around = text[place - 1 : place] + text[place + 1 : place + 2]
            between = 0 < place < len(text) - 1 and all(unicodedata.category(c) == "Nd" for c in around)
            if not gone or between:
                kept.append(char)
        text = "".join(kept)
    return text


@given(TEXT)
def test_folding_is_what_its_definition_says(text: str) -> None:
    assert folded(text) == plainly(text)


@given(st.lists(st.lists(TEXT, max_size=3), max_size=6))
def test_texts_folded_together_have_the_keys_of_each_alone(rows: list[list[str]]) -> None:
    assert fold(rows).keys() == ["\n".join(folded(turn) or turn for turn in row) for row in rows]


@pytest.mark.parametrize("around", ["ab", "12"])
def test_every_character_folds_alike_in_both_ways(around: str) -> None:
    texts = [around[0] + chr(code) + around[1] for code in range(LIMIT + 8)]
    assert fold([[text] for text in texts]).keys() == [folded(text) for text in texts]
