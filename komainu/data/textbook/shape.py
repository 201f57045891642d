"""What a textbook sentence is, apart from any language: its kind, its words, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from komainu.data.textbook.words import Word

Kind = Literal["do", "go", "be", "exist"]
KINDS: tuple[Kind, ...] = ("do", "go", "be", "exist")
Role = Literal["subject", "time", "place", "object"]
ROLES: tuple[Role, ...] = ("subject", "time", "place", "object")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. Its kind says which words it has; the others are None.

    do: subject, [time], [place], object, verb. go: subject, [time], place (where to), verb.
    be: subject, adjective. exist: place, subject (what is there), [number].
    Any change by dataclasses.replace that keeps to this renders and parses back. A time that clashes with
    the tense, or a negated number, is grammatical but odd; with_past and with_negative never make one.
    """

    kind: Kind
    subject: Word
    time: Word | None = None
    place: Word | None = None
    object: Word | None = None
    verb: Word | None = None
    adjective: Word | None = None
    number: int | None = None
    past: bool = False
    negative: bool = False
    question: bool = False

    @property
    def key(self) -> str:
        """The core words, joined: what no shortening, tense, negation, question or register changes.

        The optional parts (time, the place of a do sentence, the number) are left out, so that a sentence and
        all that is made of it are on one side.
        """
        place = self.place if self.kind in ("go", "exist") else None
        core = (self.subject, place, self.object, self.verb, self.adjective)
        return "|".join((self.kind, *(word.ja for word in core if word is not None)))

    @property
    def words(self) -> tuple[Word, ...]:
        """Its words in Japanese order."""
        parts = (self.subject, self.time, self.place, self.object, self.verb, self.adjective)
        if self.kind == "exist":
            return tuple(word for word in (self.place, self.subject) if word is not None)
        return tuple(word for word in parts if word is not None)

    @property
    def optional(self) -> tuple[Role, ...]:
        """The roles that are there and may be dropped: of time and place."""
        roles: list[Role] = ["time"] if self.time else []
        if self.kind == "do" and self.place:
            roles.append("place")
        return tuple(roles)

    @property
    def will(self) -> bool:
        """Whether English says it with will: a time to come, and not the past."""
        return not self.past and self.time is not None and self.time.tense == "future"

    def role(self, role: Role) -> Word | None:
        """The word of a role, or None."""
        word: Word | None = getattr(self, role)
        return word

    def without(self, *roles: Role) -> Sentence:
        """The sentence without its time or (do only) its place; what is not there may be named too."""
        drop_place = "place" in roles and self.kind == "do"
        assert not {"subject", "object"} & set(roles), "a sentence needs its subject and its object"
        return replace(
            self,
            time=None if "time" in roles else self.time,
            place=None if drop_place else self.place,
        )

    def with_past(self, past: bool = True) -> Sentence:
        """The sentence in the past or not; a time that only fits the other tense is dropped."""
        clash = self.time is not None and self.time.tense == ("future" if past else "past")
        return replace(self, past=past, time=None if clash else self.time)

    def with_negative(self, negative: bool = True) -> Sentence:
        """The sentence denied or affirmed; a denied number is dropped: what is not there is not counted."""
        return replace(self, negative=negative, number=None if negative else self.number)

    def with_question(self, question: bool = True) -> Sentence:
        """The sentence as a yes/no question, or as a statement."""
        return replace(self, question=question)
