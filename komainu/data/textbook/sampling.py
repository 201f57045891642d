"""Drawing textbook sentences, of about 195 million: sensible objects, times that agree with the tense."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from komainu.data.textbook.render import plain_agreement
from komainu.data.textbook.shape import KINDS, Kind, Role, Sentence
from komainu.data.textbook.words import CORE, Word, common, of

_WEIGHTS: dict[Kind, int] = {"do": 11, "go": 4, "be": 2, "exist": 3}
_PAST, _NEGATIVE, _QUESTION, _TIME, _PLACE, _NUMBER = 0.5, 0.2, 0.15, 0.4, 0.5, 0.8
_SOMEWHERE = ("person", "animal", "food", "drink", "text", "image", "thing", "clothing", "vehicle", "plant")
_CHANGEABLE = ("subject", "time", "place", "object", "adjective", "number")
MAX_COUNT = 10  # the highest number an exist sentence counts to


@cache
def subjects_of(verb: Word) -> tuple[Word, ...]:
    """Who may do it.

    A verb whose past is its base (read) takes no I, you, we or they: "I read a book" has two tenses.
    """
    nouns = of(*verb.by)
    return tuple(n for n in nouns if not plain_agreement(n)) if verb.past == verb.en else nouns


@cache
def objects_of(verb: Word) -> tuple[Word, ...]:
    """What it may be done to."""
    return tuple(noun for noun in of("noun") if noun.fits(verb.takes) and noun.article != "pro")


@cache
def verbs(kind: Kind) -> tuple[Word, ...]:
    """The verbs of a kind of sentence."""
    return tuple(word for word in of("verb") if word.category == kind)


@cache
def places() -> tuple[Word, ...]:
    """Where something can be done or can be: all that take "at". Countries and mountains are only gone to."""
    return of("place")


@cache
def goals(verb: Word) -> tuple[Word, ...]:
    """Where a motion verb can lead."""
    return tuple(noun for noun in of("noun") if noun.fits(verb.takes))


@cache
def times(past: bool) -> tuple[Word, ...]:
    """The times that agree with a tense."""
    return tuple(word for word in of("time") if word.tense in ("any", "past" if past else "future"))


@cache
def described() -> tuple[tuple[Word, tuple[Word, ...]], ...]:
    """Each noun that some adjective fits, with those adjectives."""
    pairs = ((noun, tuple(a for a in of("quality") if noun.fits(a.takes))) for noun in of("noun"))
    return tuple((noun, adjectives) for noun, adjectives in pairs if adjectives)


@cache
def countable() -> tuple[Word, ...]:
    """The nouns that have a counter: what can be counted (三曲, three songs)."""
    return tuple(noun for noun in of("noun") if noun.counter)


@cache
def visible() -> tuple[Word, ...]:
    """The countable nouns that can be somewhere: people, animals and things, but no songs and no shops."""
    return tuple(n for n in countable() if n.category in _SOMEWHERE and "unseen" not in n.tags)


@cache
def everyday(*wanted: str) -> tuple[Word, ...]:
    """The words of these classes, categories or tags that make up most of what is said, in the lexicon's order."""
    lists: list[Sequence[Word]] = [verbs("do"), verbs("go"), places(), visible(), [n for n, _ in described()]]
    for verb in (*verbs("do")[:CORE], *verbs("go")[:CORE]):
        lists += [subjects_of(verb), goals(verb) if verb.category == "go" else objects_of(verb)]
    lists += [adjectives for _, adjectives in described()[:CORE]]
    said = {id(word) for words in lists for word in words[:CORE]}
    return tuple(word for word in of(*wanted) if id(word) in said)


def _other(rng: random.Random, nouns: tuple[Word, ...], than: Word) -> Word:
    while (noun := common(rng, nouns)) is than:
        pass
    return noun


def sample(
    rng: random.Random,
    *,
    kinds: Sequence[Kind] | None = None,
    question: bool | None = None,
    past: bool | None = None,
    negative: bool | None = None,
    needs: Sequence[Role] = (),
) -> Sentence:
    """A sentence of one of `kinds` (all by default); what is None is drawn, what is in `needs` is there.

    Only kinds that can have every role of `needs` are drawn. A denied exist sentence has no number. Questions
    are not put to I or we when the subject is still to be drawn.
    """
    kind = _kind(rng, kinds, needs)
    past = rng.random() < _PAST if past is None else past
    negative = rng.random() < _NEGATIVE if negative is None else negative
    question = rng.random() < _QUESTION if question is None else question
    if kind == "be":
        noun, adjectives = common(rng, described())
        s = Sentence(kind, noun, adjective=common(rng, adjectives))
    elif kind == "exist":
        number = None if negative or rng.random() > _NUMBER else rng.randint(1, MAX_COUNT)
        s = Sentence(kind, common(rng, visible()), place=common(rng, places()), number=number)
    else:
        s = _action(rng, kind, past, needs)
    if question and s.subject.en in ("I", "we"):
        return sample(rng, kinds=(kind,), question=True, past=past, negative=negative, needs=needs)
    return Sentence(
        kind, s.subject, s.time, s.place, s.object, s.verb, s.adjective, s.number, past, negative, question
    )  # fmt: skip


_HAS: dict[Kind, tuple[Role, ...]] = {
    "do": ("subject", "time", "place", "object"),
    "go": ("subject", "time", "place"),
    "be": ("subject",),
    "exist": ("subject", "place"),
}


def _kind(rng: random.Random, kinds: Sequence[Kind] | None, needs: Sequence[Role]) -> Kind:
    able = [kind for kind in (kinds or KINDS) if all(role in _HAS[kind] for role in needs)]
    assert able, f"no kind of {kinds} has {needs}"
    return rng.choices(able, [_WEIGHTS[kind] for kind in able])[0]


def _action(rng: random.Random, kind: Kind, past: bool, needs: Sequence[Role]) -> Sentence:
    verb = common(rng, verbs(kind))
    subject = common(rng, subjects_of(verb))
    time = common(rng, times(past)) if "time" in needs or rng.random() < _TIME else None
    if kind == "go":
        return Sentence(kind, subject, time, common(rng, goals(verb)), verb=verb)
    place = common(rng, places()) if "place" in needs or rng.random() < _PLACE else None
    return Sentence(kind, subject, time, place, _other(rng, objects_of(verb), subject), verb)


def other_word(rng: random.Random, s: Sentence) -> Sentence:
    """The sentence with one word, or its number, changed to another that fits: a well-formed mistake."""
    role = rng.choice([role for role in _CHANGEABLE if getattr(s, role)])
    if role == "number":
        return replace(s, number=rng.choice([n for n in range(1, MAX_COUNT + 1) if n != s.number]))
    old: Word = getattr(s, role)
    choices = [word for word in _fitting(s, role) if word not in (old, s.subject, s.object)]
    changes: dict[str, Any] = {role: rng.choice(choices)} if choices else {}
    return replace(s, **changes) if changes else other_word(rng, s)


def _fitting(s: Sentence, role: str) -> tuple[Word, ...]:
    """The words a role of this sentence could have, as long as the other words stay."""
    if role == "subject" and s.adjective is not None:
        return tuple(noun for noun, adjectives in described() if s.adjective in adjectives)
    if role == "subject":
        return visible() if s.verb is None else subjects_of(s.verb)
    if role == "adjective":
        return next((adjectives for noun, adjectives in described() if noun == s.subject), ())
    if role == "time":
        return times(s.past)
    if role == "object":
        return objects_of(s.verb) if s.verb else ()
    return goals(s.verb) if s.verb and s.kind == "go" else places()


def combinations() -> dict[Kind, int]:
    """How many different statements of each kind there are, tense and denial not counted."""
    moments, sites = len(of("time")) + 1, len(places())
    do = sum(len(subjects_of(v)) * len(objects_of(v)) for v in verbs("do")) * moments * (sites + 1)
    go = sum(len(subjects_of(v)) * len(goals(v)) for v in verbs("go")) * moments
    be = sum(len(adjectives) for _, adjectives in described())
    return {"do": do, "go": go, "be": be, "exist": sites * len(visible()) * (MAX_COUNT + 1)}
