"""Folding many texts at once gives what folding each gives, and tells where its characters stood."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from komainu.data.decontaminate import excerpt
from komainu.data.kana import fold, places
from komainu.data.keys import unkana
from komainu.data.passage import passage, written

NASTY = "0123４５ 　\n-ー–.,、。?？!‥…⁉カガﾊﾞﾟ゙がか\ue000ß㌔①½한각ᄀ가ㄱéE\u0301\u200d😀\ufe0f\u00ad\x85ﬁİ"
texts = st.text(st.one_of(st.characters(), st.sampled_from(NASTY)), max_size=12)


@given(st.lists(texts, max_size=6))
def test_each_text_has_the_key_it_has_alone(some: list[str]) -> None:
    found = fold(some)
    ends = found.ends.tolist()
    assert [found.text(a + 1, b) for a, b in pairwise(ends)] == [unkana(text) for text in some]
    assert found.text(0, len(found.codes)) == "\n" + "".join(unkana(text) + "\n" for text in some)


@given(texts)
def test_a_place_is_that_of_the_character_a_key_has_there(text: str) -> None:
    found = places(text)
    if found is not None:
        alone = [unkana(text[at]) or text[at] for at in found.tolist()]  # a mark between digits is lost alone
        assert len(alone) == len(unkana(text))
        assert all(a == key or not a.isalnum() for a, key in zip(alone, unkana(text), strict=True))


def test_a_passage_is_shown_as_it_was_written() -> None:
    turns = ["ご質問：「富士山　は、何ｍ？」 です。", "３，７７６ ㍍です！"]
    folded = fold(turns)
    ends = folded.ends.tolist()
    start = folded.text(0, len(folded.codes)).index("富士山")
    assert passage(turns, ends, start, len(folded.codes)) == "富士山　は、何ｍ？」 です。\n３，７７６ ㍍です"
    assert written("㍍と㍍は、同じ", 9, 11) == "は、同"
    assert len(excerpt("あ" * 1000)) == 600
