"""The textbook's words: what every entry holds, inflection, and counting."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from komainu.data.textbook.inflect import (
    Register,
    copula_ja,
    i_adj_ja,
    indefinite,
    na_adj_ja,
    past_tense,
    plural,
    third_person,
    verb_ja,
)
from komainu.data.textbook.sentence import (
    combinations,
    count_en,
    count_ja,
    number_en,
    number_ja,
    objects_of,
    subjects_of,
)
from komainu.data.textbook.words import WORDS, Word, by_en, by_ja, of

REGISTERS: tuple[Register, ...] = ("plain", "polite")
NOUNS = of("noun")
COUNTERS = {*"人匹頭羽冊本枚個台杯皿通部編曲話粒丁脚着足組隻機軒校", "試合"}


def word(ja: str) -> Word:
    found = by_ja(ja)
    assert found is not None, ja
    return found


def test_there_are_more_than_five_hundred_words_and_millions_of_sentences() -> None:
    assert len(WORDS) >= 500
    assert sum(combinations().values()) > 100_000_000
    assert all(count > 2000 for count in combinations().values())


def test_no_two_words_share_a_japanese_or_an_english_form() -> None:
    japanese_forms = Counter(w.ja for w in WORDS)
    forms = Counter(f for w in WORDS for f in {w.en, w.one, w.plural, w.third, w.past, w.en_phrase} - {""})
    assert [form for form, count in (japanese_forms + forms).items() if count > 1] == []


def test_every_word_says_what_the_grammar_must_know() -> None:
    known = {tag for noun in NOUNS for tag in (noun.category, noun.ja, *noun.tags)}
    for w in WORDS:
        assert re.fullmatch("[ぁ-ゖァ-ヺー]+", w.kana), w
        assert re.fullmatch("[A-Za-z]+( [a-z]+)*", w.en), w
        assert not re.search("[A-Za-z0-9 ]", w.ja), w
        assert set(w.takes) <= known, w
        assert not w.counter or w.counter in COUNTERS, w
        if w.cls == "noun":
            assert w.article in {"count", "mass", "pair", "my", "name", "pro"}, w
        if w.cls == "verb":
            assert w.third and w.past and len(subjects_of(w)) > 20, w
            assert w.category == "go" or objects_of(w), w


def test_a_chinese_word_is_no_japanese_word() -> None:
    chinese = [w.zh for w in WORDS if w.zh]
    assert len(chinese) >= 80
    assert len(set(chinese)) == len(chinese)
    assert not {w.ja for w in WORDS} & set(chinese)


def test_words_are_found_by_any_of_their_forms() -> None:
    assert word("本").en == "book"
    for form in ("child", "children"):
        assert by_en(form) == word("子供")
    for form in ("look for", "looks for", "looked for"):
        assert by_en(form) == word("探す")
    assert by_ja("ない") is None
    assert by_en("nothing") is None


@pytest.mark.parametrize(
    ("ja", "group", "forms"),
    [
        ("買う", "godan", "買った 買わない 買わなかった 買います 買いました 買いません 買いませんでした"),
        ("書く", "godan", "書いた 書かない 書かなかった 書きます 書きました 書きません 書きませんでした"),
        ("嗅ぐ", "godan", "嗅いだ 嗅がない 嗅がなかった 嗅ぎます 嗅ぎました 嗅ぎません 嗅ぎませんでした"),
        ("話す", "godan", "話した 話さない 話さなかった 話します 話しました 話しません 話しませんでした"),
        ("待つ", "godan", "待った 待たない 待たなかった 待ちます 待ちました 待ちません 待ちませんでした"),
        ("死ぬ", "godan", "死んだ 死なない 死ななかった 死にます 死にました 死にません 死にませんでした"),
        ("呼ぶ", "godan", "呼んだ 呼ばない 呼ばなかった 呼びます 呼びました 呼びません 呼びませんでした"),
        ("読む", "godan", "読んだ 読まない 読まなかった 読みます 読みました 読みません 読みませんでした"),
        ("切る", "godan", "切った 切らない 切らなかった 切ります 切りました 切りません 切りませんでした"),
        ("着る", "ichidan", "着た 着ない 着なかった 着ます 着ました 着ません 着ませんでした"),
        ("する", "suru", "した しない しなかった します しました しません しませんでした"),
        ("来る", "kuru", "来た 来ない 来なかった 来ます 来ました 来ません 来ませんでした"),
        ("くる", "kuru", "きた こない こなかった きます きました きません きませんでした"),
        ("行く", "iku", "行った 行かない 行かなかった 行きます 行きました 行きません 行きませんでした"),
        ("ある", "godan", "あった ない なかった あります ありました ありません ありませんでした"),
    ],
)
def test_verbs_conjugate_by_their_group(ja: str, group: str, forms: str) -> None:
    said = [(r, p, n) for r in REGISTERS for n in (False, True) for p in (False, True)]
    assert [verb_ja(ja, group, r, p, n) for r, p, n in said] == [ja, *forms.split()]


def test_adjectives_and_the_copula_conjugate() -> None:
    said = [(r, p, n) for r in REGISTERS for n in (False, True) for p in (False, True)]
    plain = ["古い", "古かった", "古くない", "古くなかった"]
    assert [i_adj_ja("古い", *s) for s in said] == plain + [f"{form}です" for form in plain]
    assert i_adj_ja("いい", "plain", past=True) == "よかった"
    assert [na_adj_ja("静か", *s) for s in said] == [f"静か{copula_ja(*s)}" for s in said]
    assert [copula_ja("plain", p, n) for _, p, n in said[:4]] == ["だ", "だった", "ではない", "ではなかった"]
    assert copula_ja("polite", past=True, negative=True) == "ではありませんでした"


def test_english_words_inflect_by_rule() -> None:
    assert [plural(w) for w in ("book", "box", "story", "day", "zoo", "potato", "post office")] == [
        *("books", "boxes", "stories", "days", "zoos", "potatoes", "post offices"),
    ]
    assert [third_person(w) for w in ("go", "study", "play", "look for")] == ["goes", "studies", "plays", "looks for"]
    assert [past_tense(w) for w in ("use", "study", "play", "pick up")] == ["used", "studied", "played", "picked up"]
    assert [indefinite(w) for w in ("apple", "uniform", "university", "umbrella", "onion", "book")] == [
        *("an apple", "a uniform", "a university", "an umbrella", "an onion", "a book"),
    ]


def test_things_are_counted_in_both_languages() -> None:
    cases = [("本", 3, "三冊", "three books"), ("犬", 1, "一匹", "one dog"), ("お茶", 2, "二杯", "two cups of tea")]
    cases += [("靴", 10, "十足", "ten pairs of shoes"), ("子供", 21, "二十一人", "twenty-one children")]
    for ja, n, in_japanese, in_english in cases:
        assert (count_ja(word(ja), n), count_en(word(ja), n)) == (in_japanese, in_english)
    assert (number_ja(105), number_en(105)) == ("百五", "one hundred five")
    assert (number_ja(0), number_en(999)) == ("ゼロ", "nine hundred ninety-nine")
    for number in of("number"):
        value = [number_ja(n) for n in range(101)].index(number.ja)
        assert number_en(value) == number.en
