"""Reading textbook sentences: the exact inverse of the Japanese and English rendering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Literal, NamedTuple, TypeVar

from komainu.data.textbook.inflect import Register, i_adj_ja, na_adj_ja, verb_ja
from komainu.data.textbook.render import (
    MAX_NUMBER,
    english,
    japanese,
    noun_en,
    number_en,
    number_ja,
    there_en,
)
from komainu.data.textbook.shape import Kind, Sentence
from komainu.data.textbook.words import Word, of

Read = tuple[Sentence, Register | Literal["en"]]
_REGISTERS: tuple[Register, ...] = ("plain", "polite")
_TRUTH = (False, True)
T = TypeVar("T")


class _Form(NamedTuple):
    """A predicate as it stands at the end of a Japanese sentence; no word where it is いる or ある."""

    word: Word | None
    register: Register
    past: bool
    negative: bool


class _Japanese:
    """Tables from Japanese text to words, and the sentences a text could be."""

    def __init__(self) -> None:
        self.nouns = {noun.ja: noun for noun in of("noun")}
        self.times = {time.ja_phrase: time for time in of("time")}
        self.time_lengths = sorted({len(phrase) for phrase in self.times}, reverse=True)
        self.numbers = {number_ja(n): n for n in range(MAX_NUMBER + 1)}
        self.verbs: dict[str, _Form] = {}
        self.adjectives: dict[str, _Form] = {}
        self.there: dict[str, _Form] = {}
        for said in product(_REGISTERS, _TRUTH, _TRUTH):
            for verb in of("verb"):
                self.verbs[verb_ja(verb.ja, verb.group, *said)] = _Form(verb, *said)
            for word in of("quality"):
                inflect = i_adj_ja if word.cls == "i_adj" else na_adj_ja
                self.adjectives[inflect(word.ja, *said)] = _Form(word, *said)
            for ja, group in (("いる", "ichidan"), ("ある", "godan")):
                self.there[verb_ja(ja, group, *said)] = _Form(None, *said)
        for word in of("na_adj"):
            self.adjectives[word.ja] = _Form(word, "plain", False, False)  # in a plain question
        self.there_lengths = sorted({len(form) for form in self.there}, reverse=True)

    def read(self, text: str) -> Iterator[tuple[Sentence, Register]]:
        """Every sentence this could be, were it well formed."""
        question = text.endswith(("か。", "？"))
        body = text[:-2] if text.endswith("か。") else text[:-1]
        for topic, rest in _splits(body, "は"):
            if subject := self.nouns.get(topic):
                for s, register in self._said_of(subject, rest):
                    yield replace(s, question=question), register
        for s, register in self._exist(body):
            yield replace(s, question=question), register

    def _said_of(self, subject: Word, rest: str) -> Iterator[tuple[Sentence, Register]]:
        """The sentences that go on so after S は."""
        if form := self.adjectives.get(rest):
            yield (
                Sentence("be", subject, adjective=form.word, past=form.past, negative=form.negative),
                form.register,
            )
        for head, tail in _splits(rest, "を"):
            yield from self._action("do", subject, head, tail)
        for head, tail in _splits(rest, "に"):
            yield from self._action("go", subject, head, tail)

    def _action(self, kind: Kind, subject: Word, head: str, tail: str) -> Iterator[tuple[Sentence, Register]]:
        """[T] [P で] O before を, [T] P before に; the verb after it."""
        form = self.verbs.get(tail)
        if form is None or form.word is None or form.word.category != kind:
            return
        bare = Sentence(kind, subject, verb=form.word, past=form.past, negative=form.negative)
        for time, inner in self._timed(head):
            if noun := self.nouns.get(inner):
                where, what = (noun, None) if kind == "go" else (None, noun)
                yield replace(bare, time=time, place=where, object=what), form.register
            for place, thing in _splits(inner, "で") if kind == "do" else ():
                if place in self.nouns and thing in self.nouns:
                    found = replace(bare, time=time, place=self.nouns[place], object=self.nouns[thing])
                    yield found, form.register

    def _timed(self, text: str) -> Iterator[tuple[Word | None, str]]:
        """The text as it is, and without each time it may begin with."""
        yield None, text
        for length in self.time_lengths:
            if time := self.times.get(text[:length]):
                yield time, text[length:]

    def _exist(self, body: str) -> Iterator[tuple[Sentence, Register]]:
        """P に S が [数] いる/ある."""
        for (place, rest), length in product(_splits(body, "に"), self.there_lengths):
            form = self.there.get(rest[-length:])
            what, ga, count = rest[:-length].partition("が")
            if form is None or not ga or place not in self.nouns or what not in self.nouns:
                continue
            noun = self.nouns[what]
            number = self.numbers.get(count.removesuffix(noun.counter))
            s = Sentence("exist", noun, place=self.nouns[place], number=number, past=form.past)
            yield replace(s, negative=form.negative), form.register


def _splits(text: str, mark: str) -> Iterator[tuple[str, str]]:
    """The two sides of every `mark` in the text."""
    at = text.find(mark)
    while at >= 0:
        yield text[:at], text[at + len(mark) :]
        at = text.find(mark, at + 1)


class _English:
    """Tables from English text to words, and the sentences a text could be."""

    def __init__(self) -> None:
        nouns = of("noun")
        self.nouns = {noun_en(noun): noun for noun in nouns}
        self.initial = {text[0].upper() + text[1:]: noun for text, noun in self.nouns.items()}
        self.objects = {noun_en(noun, definite=False): noun for noun in nouns}
        self.there = {there_en(noun): (noun, False) for noun in nouns}
        self.there |= {there_en(noun, negative=True): (noun, True) for noun in nouns}
        self.one = {noun.one: noun for noun in nouns if noun.one}
        self.many = {noun.plural: noun for noun in nouns if noun.plural}
        self.numbers = {number_en(n): n for n in range(MAX_NUMBER + 1)}
        self.times = {time.en_phrase: time for time in of("time")}
        self.adjectives = {word.en: word for word in of("quality")}
        self.bases = {verb.en: verb for verb in of("verb")}
        self.finite: dict[str, tuple[tuple[Word, bool], ...]] = {}
        for verb, past in product(of("verb"), _TRUTH):
            for form in {verb.past} if past else {verb.third, verb.en}:
                self.finite[form] = (*self.finite.get(form, ()), (verb, past))

    def read(self, text: str) -> Iterator[Sentence]:
        """Every sentence this could be, were it well formed."""
        question = text.endswith("?")
        tokens = text[:-1].split(" ")
        if question:
            head, *tokens = tokens
            first = head.lower()
            if first in _BE and tokens[:1] == ["there"]:
                found = self._exist(tokens[1:], _BE[first])
            else:
                found = self._asked(first, tokens)
        elif tokens[0] == "There" and len(tokens) > 1 and tokens[1] in _BE:
            found = self._exist(tokens[2:], _BE[tokens[1]])
        else:
            found = self._stated(tokens)
        return (replace(s, question=question) for s in found)

    def _asked(self, first: str, tokens: list[str]) -> Iterator[Sentence]:
        """What follows Is, Does, Did, Will, ..."""
        for subject, rest in _heads(tokens, self.nouns):
            negative = rest[:1] == ["not"]
            rest = rest[1:] if negative else rest
            if first in _BE:
                yield from self._be(subject, rest, _BE[first], negative)
            elif first in _AUXILIARY:
                yield from self._action(subject, rest, _AUXILIARY[first], negative)

    def _stated(self, tokens: list[str]) -> Iterator[Sentence]:
        for subject, rest in _heads(tokens, self.initial):
            first = rest[0] if rest else ""
            negative = rest[1:2] == ["not"]
            after = rest[2:] if negative else rest[1:]
            if first in _BE:
                yield from self._be(subject, after, _BE[first], negative)
            elif first in _AUXILIARY and (negative or first == "will"):
                yield from self._action(subject, after, _AUXILIARY[first], negative)
            for verbs, tail in _heads(rest, self.finite):
                for verb, past in verbs:
                    yield from self._ended(Sentence(_kind(verb), subject, verb=verb, past=past), tail)

    def _be(self, subject: Word, rest: list[str], past: bool, negative: bool) -> Iterator[Sentence]:
        if adjective := self.adjectives.get(" ".join(rest)):
            yield Sentence("be", subject, adjective=adjective, past=past, negative=negative)

    def _action(self, subject: Word, rest: list[str], past: bool, negative: bool) -> Iterator[Sentence]:
        for verb, tail in _heads(rest, self.bases):
            s = Sentence(_kind(verb), subject, verb=verb, past=past, negative=negative)
            yield from self._ended(s, tail)

    def _ended(self, s: Sentence, tail: list[str]) -> Iterator[Sentence]:
        """O [at P] [T], or to P [T]."""
        for cut in range(len(tail), max(len(tail) - _LONGEST, 0), -1):
            time = self.times.get(" ".join(tail[cut:]))
            text = " ".join(tail[:cut])
            if time is None and cut < len(tail):
                continue
            if s.kind == "go":
                if text.startswith("to ") and (place := self.nouns.get(text[3:])):
                    yield replace(s, time=time, place=place)
                continue
            if thing := self.objects.get(text):
                yield replace(s, time=time, object=thing)
            for what, where in _splits(text, " at "):
                if what in self.objects and where in self.nouns:
                    yield replace(s, time=time, place=self.nouns[where], object=self.objects[what])

    def _exist(self, tokens: list[str], past: bool) -> Iterator[Sentence]:
        """[not] N at P, with N a dog, no dog or three dogs."""
        denied = tokens[:1] == ["not"]
        for what, where in _splits(" ".join(tokens[1:] if denied else tokens), " at "):
            place = self.nouns.get(where)
            if place is None:
                continue
            if what in self.there:
                noun, negative = self.there[what]
                yield Sentence("exist", noun, place=place, past=past, negative=negative)
            for count, many in _splits(what, " "):
                number = self.numbers.get(count)
                noun_or_none = (self.one if number == 1 else self.many).get(many)
                if number is not None and noun_or_none:
                    s = Sentence("exist", noun_or_none, place=place, number=number)
                    yield replace(s, past=past, negative=denied)


_BE = {"am": False, "is": False, "are": False, "was": True, "were": True}
_AUXILIARY = {"do": False, "does": False, "did": True, "will": False}
_LONGEST = 4  # one more than the words of the longest time and of the longest subject


def _heads(tokens: list[str], table: dict[str, T]) -> Iterator[tuple[T, list[str]]]:
    """What the first one to four tokens stand for in the table, each with the tokens that follow."""
    for length in range(1, min(_LONGEST, len(tokens)) + 1):
        text = " ".join(tokens[:length])
        if text in table:
            yield table[text], tokens[length:]


def _kind(verb: Word) -> Kind:
    return "go" if verb.category == "go" else "do"


@cache
def _japanese() -> _Japanese:
    return _Japanese()


@cache
def _english() -> _English:
    return _English()


def parse(text: str) -> Read | None:
    """The sentence and the register (or "en") that is written exactly so, or None.

    The inverse of japanese() and english(): whatever it answers renders back to `text`. The one ambiguity
    ("I read a book": either tense) is never drawn by sample(); a time decides it, else it is the present.
    """
    if text.endswith((".", "?")):
        found = [s for s in _english().read(text) if english(s) == text]
        fitting = [s for s in found if s.time is None or s.time.tense != ("future" if s.past else "past")]
        return ((fitting or found)[0], "en") if found else None
    for s, register in _japanese().read(text):
        if japanese(s, register) == text:
            return s, register
    return None
