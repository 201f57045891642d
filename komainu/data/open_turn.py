"""Step: a user's turn by the model itself, which goes on where its chat template lets the user speak (Magpie)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from komainu.context import Context
from komainu.data.ask import call
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.turn import prompt_of
from komainu.errors import UsageError
from komainu.models.base import WITHHELD, Model, Question, Reply
from komainu.rows import Chat, Message
from komainu.spec import where
from komainu.stage import Questions

FILES = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "chat_template.jinja")


@dataclass(frozen=True, kw_only=True)
class OpenTurn(Step):
    """Add a user turn that `model` writes: it is asked, without its chat template around it, to go on where the
    template opens a user's turn, up to the text that ends one. Source: Magpie (Xu et al. 2024, arXiv 2406.08464).

    A row that is a system turn alone gets its first user turn, steered by it; an answered chat gets its next one. The
    system turn goes unless `keep_system`. With `samples` > 1 a row becomes that many, `<id>.0`, `<id>.1`, ...; rows of
    the same conversation get the same turns. The template is that of `model.weights`, or of the directory `tokenizer`,
    known by the hash of its tokenizer's files.
    A turn that does not end (`cut_off`), is blank (`empty_turn`) or is withheld is dropped.
    """

    model: Model
    samples: int = 1
    keep_system: bool = False
    tokenizer: str = where()
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise UsageError(f"OpenTurn.samples is {self.samples}; ask for at least 1 turn a row")
        if self.tokenizer and not self.sha256:
            object.__setattr__(self, "sha256", digest(self.tokenizer))

    def check(self) -> Iterator[str]:
        if self.model.weights is None and not self.tokenizer:
            yield (
                f"OpenTurn needs the chat template of {self.model.name!r}: give `tokenizer`, a directory with its "
                "tokenizer.json, tokenizer_config.json and chat_template.jinja"
            )
        elif self.tokenizer and digest(self.tokenizer) != self.sha256:
            yield f"OpenTurn.tokenizer {self.tokenizer} has changed, or has none of {', '.join(FILES)}"

    @property
    def per_row(self) -> int:
        return self.samples

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, fewest * self.samples, most * self.samples),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        from komainu.models.template import open_turn, tokenizer_of

        weights = self.model.weights
        tokenizer = tokenizer_of(Path(self.tokenizer) if weights is None or self.tokenizer else ctx.locate(weights))
        _, closing = open_turn(tokenizer, (), self.model.name)
        model = replace(self.model, raw=True, stop=(closing,))
        for window in windows(rows):
            texts = [open_turn(tokenizer, chat.messages, self.model.name)[0] for chat in window]
            asked = [Question((Message("user", text),), sample) for text in texts for sample in range(self.samples)]
            replies = ctx.client.ask(model, asked)
            for chat in window:
                for sample in range(self.samples):
                    yield self.spoken(chat, next(replies), model, sample, closing)

    def spoken(self, chat: Chat, reply: Reply, model: Model, sample: int, closing: str) -> Chat | Dropped:
        text, ended, _ = reply.text.partition(closing)
        before = [m for m in chat.messages if self.keep_system or m.role != "system"]
        made = prompt_of(chat, [*before, Message("user", text.strip())])
        calls = [*made.meta.get("prompt_from", []), call(model, sample)]
        made = made.with_meta(prompt_from=calls)
        if self.samples > 1:
            came = {**made.meta, "from": list(dict.fromkeys([*made.meta.get("from", []), chat.id]))}
            made = Chat(f"{chat.id}.{sample}", made.messages, came)
        if reply.withheld:
            return Dropped(made, f"withheld: {WITHHELD[reply.finish]}")
        if reply.finish != "stop" and not ended:
            return Dropped(made, f"cut_off: finish_reason {reply.finish!r}")
        return made if text.strip() else Dropped(made, "empty_turn")


def digest(directory: str) -> str:
    """The SHA-256 over a tokenizer's files, "" when there is none."""
    found = [file for name in FILES if (file := Path(directory, name)).is_file()]
    total = hashlib.sha256()
    for file in found:
        total.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest() if found else ""
