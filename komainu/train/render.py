"""Chats as token ids with a mask of what is trained: the assistant's words and the token that ends its turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.rows import Chat, Message, Pair

SHOWN = 20  # problems, and rows of one problem, named in an error before the rest is only counted


class Tokens(NamedTuple):
    """One document: its row's id, token ids, and for each token whether it is a training target."""

    id: str
    ids: list[int]
    trained: list[bool]

    @property
    def targets(self) -> int:
        return sum(self.trained[1:])  # the first token is never predicted


def texts(tokenizer: Any, chats: Sequence[tuple[Message, ...]], *, prompt: bool) -> list[str]:
    """The chat template applied to each list of messages; with prompt=True up to where the assistant speaks.

    Raises Unrendered for what the template itself raises.
    """
    if not chats:
        return []
    plain = [[{"role": m.role, "content": m.content} for m in messages] for messages in chats]
    try:
        made: list[str] = tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=prompt)
    except Exception as error:  # a template is a program: what it raises is its own
        raise Unrendered(
            f"the chat template does not render it: {error}; mend chat_template.jinja, or leave it out"
        ) from None
    return made


class Unrendered(UsageError):
    """A chat template has raised an error."""


def rendered(tokenizer: Any, chats: Sequence[Chat], turns: Sequence[tuple[int, int]]) -> tuple[list[str], list[str]]:
    """Each chat as text, and its text before each of the turns (which chat, which of its messages).

    Raises BadRows, naming the chats that the template does not render.
    """
    starts = [chats[n].messages[:i] for n, i in turns]
    try:
        return texts(tokenizer, [c.messages for c in chats], prompt=False), texts(tokenizer, starts, prompt=True)
    except Unrendered:
        each = [(c.id, c.messages, False) for c in chats]
        each += [(chats[n].id, start, True) for (n, _), start in zip(turns, starts, strict=True)]
        told = [(row, unrendered(tokenizer, messages, prompt)) for row, messages, prompt in each]
        refuse([*{row: (row, why) for row, why in told if why}.values()], len({c.id for c in chats}))
        raise


def unrendered(tokenizer: Any, messages: tuple[Message, ...], prompt: bool) -> str:
    """What the chat template raises of some messages; "" when nothing."""
    try:
        texts(tokenizer, [messages], prompt=prompt)
    except Unrendered as error:
        return str(error)
    return ""


def chats_to_tokens(tokenizer: Any, chats: Sequence[Chat], *, last_only: bool = False) -> list[Tokens]:
    """Render each chat once and mark its assistant turns (with last_only the closing one alone).

    A turn's target runs from the end of the generation prompt to the end-of-turn token that follows its
    text. A token that merges the template's text with the answer's first character is a target: it is
    what the model must produce. Raises UsageError, naming the chats for which the template is not prefix-stable,
    drops a turn or does not close the assistant's turn, or whose text the tokenizer does not give back.
    """
    turns = [
        (n, i)
        for n, chat in enumerate(chats)
        for i, m in enumerate(chat.messages)
        if m.role == "assistant" and (not last_only or i == len(chat.messages) - 1)
    ]
    whole, starts = rendered(tokenizer, chats, turns)
    spans: list[list[tuple[int, int]]] = [[] for _ in chats]
    bad: dict[str, str] = {}
    for (n, i), start in zip(turns, starts, strict=True):
        content, at = chats[n].messages[i].content, len(start)
        if not whole[n].startswith(content, at):
            content = content.strip()  # many templates trim a turn
        if not whole[n].startswith(start) or not whole[n].startswith(content, at):
            bad[chats[n].id] = (
                f"turn {i} is not where the chat template's generation prompt ends; "
                "the template is not prefix-stable, or it rewrites the text. Use the base's own template."
            )
        spans[n].append((at, at + len(content)))
    encoded = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True) if whole else {}
    special = set(tokenizer.all_special_ids)
    made = []
    for n, chat in enumerate(chats):
        ids, offsets = encoded["input_ids"][n], encoded["offset_mapping"][n]
        try:
            made.append(Tokens(chat.id, ids, list(_mask(ids, offsets, spans[n], special))))
        except ValueError as error:
            bad.setdefault(chat.id, str(error))
        back = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        if lost := [whole[n][a:b] for a, b in spans[n] if whole[n][a:b] not in back]:
            bad.setdefault(chat.id, f"the tokenizer does not give back the text it is given: {lost[0][:40]!r}")
    refuse([*bad.items()], len({c.id for c in chats}))
    return made


def _mask(
    ids: list[int], offsets: list[tuple[int, int]], spans: list[tuple[int, int]], special: set[int]
) -> Iterator[bool]:
    """True for tokens that touch a span, and for the first special token after each span; ValueError without one."""
    pending = iter(spans)
    span = next(pending, None)
    for token, (start, end) in zip(ids, offsets, strict=True):
        if span is None or end <= span[0]:
            yield False
        elif start < span[1]:
            yield True
        elif token in special:
            yield True
            span = next(pending, None)
        else:
            raise ValueError(
                "the chat template puts text between an assistant's answer and the token that ends the "
                "turn, or ends it with no special token, so the model would never learn to stop. Mend the template."
            )
    if span is not None:
        raise ValueError("nothing ends the assistant's turn in the chat template: the model could not stop")


def pair_to_chats(pair: Pair) -> tuple[Chat, Chat]:
    """The chosen and the rejected conversation of a pair."""
    return (
        Chat(pair.id, (*pair.prompt, Message("assistant", pair.chosen)), pair.meta),
        Chat(pair.id, (*pair.prompt, Message("assistant", pair.rejected)), pair.meta),
    )


class BadRows(UsageError):
    """Rows that cannot be trained on: (id, what is wrong with it) of each."""

    def __init__(self, said: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__(said)
        self.rows = rows


def refuse(bad: Sequence[tuple[str, str]], of: int) -> None:
    """Raise BadRows when there is a bad row: (its id, what is wrong with it), out of `of` rows."""
    rows: dict[str, list[str]] = {}
    for row, what in bad:
        rows.setdefault(what, []).append(row)
    lines = []
    for what, named in rows.items():
        more = f", ... ({len(named)} in all)" if len(named) > SHOWN else ""
        lines.append(f"  row{'s' if len(named) > 1 else ''} {', '.join(named[:SHOWN])}{more}: {what}")
    if lines:
        more = f"\n  ... and {len(lines) - SHOWN} other problems" if len(lines) > SHOWN else ""
        count = len({row for row, _ in bad})
        raise BadRows(f"{count} of {of} rows cannot be trained on:\n" + "\n".join(lines[:SHOWN]) + more, bad)


def check_tokenizer(tokenizer: Any, where: str, *, system: bool = False) -> None:
    """Refuse a tokenizer that cannot train a chat model, before anything is rendered with it."""
    if tokenizer.eos_token_id is None:
        raise UsageError(f"{where}: the tokenizer has no EOS token; set eos_token in tokenizer_config.json")
    if not tokenizer.chat_template:
        raise UsageError(f"{where}: the tokenizer has no chat template; add chat_template.jinja beside it")
    if system:
        probe = (Message("system", "komainu-probe"), Message("user", "?"))
        try:
            dropped = "komainu-probe" not in texts(tokenizer, [probe], prompt=True)[0]
        except Unrendered:
            dropped = True
        if dropped:
            raise UsageError(
                f"{where}: the chat template drops the system turn, or refuses it, and the data has system turns; "
                "use a template that renders them, or move their text into the first user turn"
            )
