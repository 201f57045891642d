"""The textbook's sentences: writing them, reading them back, drawing and changing them."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.data.textbook.sentence import (
    KINDS,
    ROLES,
    Kind,
    Sentence,
    copula_answer_ja,
    countable,
    english,
    japanese,
    object_en,
    other_word,
    parse,
    place_en,
    places,
    plain_agreement,
    role_en,
    role_ja,
    sample,
    subject_en,
    time_en,
    time_ja,
)
from komainu.data.textbook.words import of
from tests.data.test_textbook_words import NOUNS, REGISTERS, word


def drawn(seed: int) -> Sentence:
    return sample(random.Random(f"world:{seed}"))


def do(subject: str, thing: str, verb: str, time: str = "", place: str = "") -> Sentence:
    at, when = (word(place) if place else None), (word(time) if time else None)
    return Sentence("do", word(subject), when, at, word(thing), word(verb))


WRITTEN = [
    (
        do("妹", "パン", "食べる", "昨日", "公園").with_past(),
        "妹は昨日公園でパンを食べた。",
        "妹は昨日公園でパンを食べました。",
        "My sister ate bread at the park yesterday.",
    ),
    (
        do("医者", "卵", "買う", "明日").with_negative(),
        "医者は明日卵を買わない。",
        "医者は明日卵を買いません。",
        "The doctor will not buy an egg tomorrow.",
    ),
    (
        do("彼ら", "宿題", "する", "月曜日").with_question(),
        "彼らは月曜日に宿題をする？",
        "彼らは月曜日に宿題をしますか。",
        "Do they do homework on Monday?",
    ),
    (
        do("太郎", "弟", "助ける", "夜").with_negative().with_question(),
        "太郎は夜に弟を助けない？",
        "太郎は夜に弟を助けませんか。",
        "Does Taro not help my brother at night?",
    ),
    (
        Sentence("go", word("私"), None, word("フランス"), verb=word("行く"), past=True),
        "私はフランスに行った。",
        "私はフランスに行きました。",
        "I went to France.",
    ),
    (
        Sentence("go", word("犬"), word("毎朝"), word("森"), verb=word("帰る")),
        "犬は毎朝森に帰る。",
        "犬は毎朝森に帰ります。",
        "The dog goes back to the forest every morning.",
    ),
    (
        Sentence("be", word("靴"), adjective=word("新しい"), past=True),
        "靴は新しかった。",
        "靴は新しかったです。",
        "The shoes were new.",
    ),
    (
        Sentence("be", word("私"), adjective=word("忙しい"), negative=True),
        "私は忙しくない。",
        "私は忙しくないです。",
        "I am not busy.",
    ),
    (
        Sentence("be", word("駅"), adjective=word("静か"), question=True),
        "駅は静か？",
        "駅は静かですか。",
        "Is the station quiet?",
    ),
    (
        Sentence("exist", word("本"), place=word("図書館"), number=3),
        "図書館に本が三冊ある。",
        "図書館に本が三冊あります。",
        "There are three books at the library.",
    ),
    (
        Sentence("exist", word("象"), place=word("駅"), past=True),
        "駅に象がいた。",
        "駅に象がいました。",
        "There was an elephant at the station.",
    ),
    (
        Sentence("exist", word("水"), place=word("家")).with_negative().with_question(),
        "家に水がない？",
        "家に水がありませんか。",
        "Is there no water at the house?",
    ),
    (
        Sentence("exist", word("手袋"), place=word("店"), number=1, past=True, question=True),
        "店に手袋が一組あった？",
        "店に手袋が一組ありましたか。",
        "Was there one pair of gloves at the shop?",
    ),
]


@pytest.mark.parametrize(("s", "plain", "polite", "in_english"), WRITTEN)
def test_a_sentence_is_written_so(s: Sentence, plain: str, polite: str, in_english: str) -> None:
    assert (japanese(s), japanese(s, "polite"), english(s)) == (plain, polite, in_english)
    assert (parse(plain), parse(polite), parse(in_english)) == ((s, "plain"), (s, "polite"), (s, "en"))


def written(s: Sentence) -> list[str]:
    return [japanese(s), japanese(s, "polite"), english(s)]


def test_parsing_is_the_inverse_of_writing_for_thousands_of_drawn_sentences() -> None:
    seen: dict[str, tuple[Sentence, str]] = {}
    for seed in range(6000):
        s = drawn(seed)
        for text, register in zip(written(s), (*REGISTERS, "en"), strict=True):
            assert parse(text) == (s, register), text
            assert seen.setdefault(text, (s, register)) == (s, register)


@given(seed=st.integers(0, 2**32), past=st.booleans(), negative=st.booleans(), question=st.booleans())
@settings(max_examples=500, deadline=None)
def test_any_change_to_a_sentence_reads_back(seed: int, past: bool, negative: bool, question: bool) -> None:
    s = drawn(seed).with_past(past).with_negative(negative).with_question(question)
    for changed in (s, s.without("time"), s.without("place"), s.without("time", "place"), replace(s, past=not past)):
        if changed.verb and changed.verb.past == changed.verb.en and plain_agreement(changed.subject):
            continue
        for text, register in zip(written(changed), (*REGISTERS, "en"), strict=True):
            assert parse(text) == (changed, register)


@st.composite
def any_sentence(draw: st.DrawFn) -> Sentence:
    """A sentence of any fitting parts, sensible or not."""
    kind: Kind = draw(st.sampled_from(KINDS))
    past, negative, question = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    time = draw(st.none() | st.sampled_from(of("time")))
    noun = draw(st.sampled_from(NOUNS))
    site = st.sampled_from(places())
    if kind == "exist":
        number = draw(st.none() | st.integers(0, 999))
        noun = draw(st.sampled_from(countable()))
        s = Sentence(kind, noun, place=draw(site), number=number)
    elif kind == "be":
        s = Sentence(kind, noun, adjective=draw(st.sampled_from(of("quality"))))
    else:
        verb = draw(st.sampled_from([v for v in of("verb") if v.category == kind]))
        place = draw(site if kind == "go" else st.none() | site)
        thing = draw(st.sampled_from([n for n in NOUNS if n.article != "pro"])) if kind == "do" else None
        if verb.past == verb.en and plain_agreement(noun):
            noun = word("妹")
        s = Sentence(kind, noun, time, place, thing, verb)
    return replace(s, past=past, negative=negative, question=question)


@given(any_sentence())
@settings(max_examples=800, deadline=None)
def test_parsing_is_the_inverse_of_writing_for_nonsense_too(s: Sentence) -> None:
    for text, register in zip(written(s), (*REGISTERS, "en"), strict=True):
        assert parse(text) == (s, register)


def test_a_time_and_the_noun_after_it_are_never_confused() -> None:
    texts = Counter(time + noun.ja for time in ("", *(t.ja_phrase for t in of("time"))) for noun in NOUNS)
    assert [text for text, count in texts.items() if count > 1] == []


@given(st.text(alphabet="妹犬本はがをにで昨日公園食べるたないます三冊か。？ The dogatepark.?", max_size=30))
@settings(max_examples=500, deadline=None)
def test_other_text_is_not_read(text: str) -> None:
    found = parse(text)
    assert found is None or text in written(found[0])


@pytest.mark.parametrize(
    "text",
    [
        *("", "。", ".", "?", "妹はパンを食べる", "妹はパンを食べるか。", "妹はパンを食べます？", "駅は静かか。"),
        *("妹は公園でパンを行く。", "妹がパンを食べる。", "公園に犬が三冊いる。", "公園に犬がある。"),
        *("My sister eat bread.", "my sister eats bread.", "My sister eats a bread.", "She is."),
        *("My sister eats bread at a park.", "There is three dogs at the park."),
    ],
)
def test_a_faulty_sentence_is_not_read(text: str) -> None:
    assert parse(text) is None


def test_what_is_drawn_is_what_was_asked_for() -> None:
    for seed in range(400):
        rng = random.Random(f"asked:{seed}")
        s = sample(rng, kinds=("do", "be"), question=True, past=False, negative=True, needs=("time", "place"))
        assert (s.kind, s.question, s.past, s.negative) == ("do", True, False, True)
        assert s.time and s.place and s.time.tense != "past"
        assert s.subject.en not in ("I", "we")
    kinds = Counter(drawn(seed).kind for seed in range(400))
    assert set(kinds) == set(KINDS)
    with pytest.raises(AssertionError, match="no kind"):
        sample(random.Random(0), kinds=("be",), needs=("object",))


def test_drawn_sentences_make_sense() -> None:
    for seed in range(3000):
        s = drawn(seed)
        assert s.time is None or s.time.tense in ("any", "past" if s.past else "future")
        assert s.subject != s.object
        if s.kind == "do":
            assert s.verb and s.object and s.object.fits(s.verb.takes) and s.subject.fits(s.verb.by)
        if s.kind == "be":
            assert s.adjective and s.subject.fits(s.adjective.takes)
        if s.kind == "exist":
            assert not (s.negative and s.number) and s.subject.counter


def test_equal_seeds_draw_equal_sentences() -> None:
    assert [drawn(seed) for seed in range(50)] == [drawn(seed) for seed in range(50)]


def test_a_changed_tense_drops_a_time_that_clashes() -> None:
    s = do("妹", "本", "読む", "明日", "駅")
    assert english(s) == "My sister will read a book at the station tomorrow."
    assert english(s.with_past()) == "My sister read a book at the station."
    assert s.with_past(False) == s
    assert english(replace(s, time=word("毎日")).with_past()) == "My sister read a book at the station every day."


def test_another_word_makes_another_sentence_that_reads_back() -> None:
    for seed in range(500):
        s = drawn(seed)
        other = other_word(random.Random(f"other:{seed}"), s)
        assert other != s and (other.kind, other.past, other.negative) == (s.kind, s.past, s.negative)
        assert english(other) != english(s) and parse(japanese(other)) == (other, "plain")


def test_a_sentence_gives_each_role_in_both_languages() -> None:
    s = do("彼女", "卵", "食べる", "月曜日", "公園")
    assert [role_ja(s, role) for role in ROLES] == ["彼女", "月曜日", "公園", "卵"]
    assert [role_en(s, role) for role in ROLES] == ["she", "on Monday", "the park", "an egg"]
    assert place_en(s, preposition=True) == "at the park"
    assert time_ja(s, particle=True) == "月曜日に"
    assert [w.ja for w in s.words] == ["彼女", "月曜日", "公園", "卵", "食べる"]
    assert s.optional == ("time", "place")
    gone = Sentence("go", word("妹"), None, word("日本"), verb=word("来る"))
    assert place_en(gone, preposition=True) == "to Japan"
    assert (object_en(gone), time_en(gone), gone.optional) == ("", "", ())
    there = Sentence("exist", word("犬"), place=word("駅"), number=3)
    assert (subject_en(there), [w.ja for w in there.words]) == ("three dogs", ["駅", "犬"])
    assert (copula_answer_ja("公園"), copula_answer_ja("公園", "plain")) == ("公園です。", "公園だ。")


def test_writing_and_reading_are_quick() -> None:
    start = time.process_time()
    texts = [text for seed in range(5000) for text in written(drawn(seed))]
    middle = time.process_time()
    assert all(parse(text) for text in texts[:10_000])
    assert middle - start < 2
    assert time.process_time() - middle < 4  # under a second where nothing else runs
