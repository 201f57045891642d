"""Rows as units of token documents: what trainings, references and held-out losses of the same rows share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, ClassVar

from komainu.rows import Chat, Pair, Row
from komainu.spec import Spec
from komainu.train.base import Unit
from komainu.train.mismatch import mismatched
from komainu.train.preflight import check_rows, repeated
from komainu.train.render import BadRows, Tokens, chats_to_tokens, check_tokenizer, pair_to_chats, refuse

WINDOW = 1_000  # rows in memory at a time


@dataclass(frozen=True, kw_only=True)
class Documents(Spec):
    """How rows become units. A unit follows from its row and the tokenizer alone, unless `together`."""

    together: ClassVar[bool] = False  # a unit depends on other rows too
    unique: ClassVar[bool] = True  # no two rows may have one id

    def units(self, tokenizer: Any, where: str, rows: Sequence[Row]) -> list[Unit]:
        """A unit a row, in order; `where` names the tokenizer. Raises UsageError for what cannot be trained on."""
        raise NotImplementedError(f"{type(self).__name__} needs units(tokenizer, where, rows)")

    def through(self, rows: Iterable[Row], work: Callable[[int, list[Row]], None]) -> int:
        """Give `work` all rows, a window at a time with its number; returns how many rows there were.

        Raises BadRows in the end, with the bad rows of all windows.
        """
        times, bad, source = Counter[str](), list[tuple[str, str]](), iter(rows)
        for number in count():
            some = [*islice(source, None if self.together else WINDOW)]
            if not some:
                break
            times.update(row.id for row in some)
            try:
                work(number, some)
            except BadRows as error:
                bad.extend(error.rows)
        named = {row for row, _ in bad}
        more = repeated(times) if self.unique else []
        refuse([*(found for found in more if found[0] not in named), *bad], times.total())
        return times.total()


@dataclass(frozen=True, kw_only=True)
class ChatDocuments(Documents):
    """A chat as one document; every assistant turn is a target."""

    def units(self, tokenizer: Any, where: str, rows: Sequence[Row]) -> list[Unit]:
        chats = looked_at(tokenizer, where, rows)
        return [Unit(t.id, (t,)) for t in chats_to_tokens(tokenizer, chats)]


@dataclass(frozen=True, kw_only=True)
class TextDocuments(Documents):
    """A chat's words as one document, without a template; every token is a target, the end token too."""

    unique = False

    def units(self, tokenizer: Any, where: str, rows: Sequence[Row]) -> list[Unit]:
        chats = [row for row in rows if isinstance(row, Chat)]
        texts = ["".join(m.content for m in chat.messages) for chat in chats]
        start = tokenizer.eos_token_id  # a text begins after an end, so that its first word is learnt too
        made = []
        for chat, ids in zip(chats, tokenizer(texts, add_special_tokens=False)["input_ids"], strict=True):
            whole = [start, *ids, start]
            made.append(Unit(chat.id, (Tokens(chat.id, whole, [True] * len(whole)),)))
        return made


@dataclass(frozen=True, kw_only=True)
class PairDocuments(Documents):
    """A pair as two documents, chosen first; only the closing answer is a target."""

    def units(self, tokenizer: Any, where: str, rows: Sequence[Row]) -> list[Unit]:
        return pair_documents(tokenizer, where, [row for row in rows if isinstance(row, Pair)])


@dataclass(frozen=True, kw_only=True)
class LabelledDocuments(Documents):
    """A chat as two documents, its own answer and another row's under its prompt; `numbers` is its label, 1 or 0.

    Which row's follows from `seed`. Raises UsageError for a row whose meta["label"] is not true or false.
    """

    together = True
    seed: int = 0

    def units(self, tokenizer: Any, where: str, rows: Sequence[Row]) -> list[Unit]:
        chats = looked_at(tokenizer, where, rows)
        lacking = 'meta["label"] is neither true (wanted) nor false'
        refuse([(c.id, lacking) for c in chats if not isinstance(c.meta.get("label"), bool)], len(chats))
        own = chats_to_tokens(tokenizer, chats, last_only=True)
        others = mismatched(chats, [lengths(tokens) for tokens in own], self.seed)
        swapped = [c.with_reply(chats[j].reply) for c, j in zip(chats, others, strict=True)]
        found = chats_to_tokens(tokenizer, swapped, last_only=True)
        both = zip(chats, own, found, strict=True)
        return [Unit(c.id, (a, b), (float(c.meta["label"]),)) for c, a, b in both]


def looked_at(tokenizer: Any, where: str, rows: Sequence[Row]) -> list[Chat]:
    """The chats among rows, each fit to be rendered."""
    chats = [row for row in rows if isinstance(row, Chat)]
    check_tokenizer(tokenizer, where, system=any(m.role == "system" for c in chats for m in c.messages))
    check_rows(tokenizer, chats)
    return chats


def pair_documents(tokenizer: Any, where: str, pairs: Sequence[Pair]) -> list[Unit]:
    """Each pair as two documents, chosen first; only the closing answer is a target."""
    system = any(m.role == "system" for p in pairs for m in p.prompt)
    check_tokenizer(tokenizer, where, system=system)
    check_rows(tokenizer, pairs)
    chats = [chat for pair in pairs for chat in pair_to_chats(pair)]
    tokens = chats_to_tokens(tokenizer, chats, last_only=True)
    return [Unit(p.id, (c, r)) for p, c, r in zip(pairs, tokens[::2], tokens[1::2], strict=True)]


def lengths(tokens: Tokens) -> tuple[int, int]:
    """Tokens before the answer, and from there on."""
    start = tokens.trained.index(True) if True in tokens.trained else len(tokens.ids)
    return start, len(tokens.ids) - start
