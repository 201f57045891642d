"""A chat with one model at a terminal, or over lines of a file: history, a system turn, sampler settings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO

from msgspec.json import encode

from komainu.errors import EndpointError, UsageError, nearest
from komainu.files import append
from komainu.models.stream import streamed
from komainu.settings import Endpoint
from komainu.terminal import safe

SAMPLER: dict[str, Callable[[str], float]] = {
    "temperature": float,
    "top_p": float,
    "min_p": float,
    "max_tokens": int,
    "seed": int,
}
HELP = """/system TEXT   the system turn from now on; without TEXT none (starts over)
/reset         start over
/regenerate    ask the last question again
/set NAME VALUE  one of temperature, top_p, min_p, max_tokens, seed; without VALUE the server's own
/show          the settings and what has been said
/save FILE     add the conversation to a file of chats (.jsonl)
/exit          end (so does the end of the input)
a message that begins with a slash is written with two"""
COMMANDS = ("system", "reset", "regenerate", "set", "show", "save", "help", "exit")
Turn = dict[str, str]


@dataclass
class Talk:
    """What has been said, and how the next answer is asked for. Only settings that are set are sent.

    `again` counts how often the last question has been asked again: it is added to a seed that is set.
    """

    endpoint: Endpoint
    name: str
    sampler: dict[str, float] = field(default_factory=dict)
    messages: list[Turn] = field(default_factory=list)
    again: int = 0

    def pieces(self, asked: Sequence[Turn]) -> Iterator[str]:
        """The pieces of the answer to some messages, as they come."""
        sampler = dict(self.sampler)
        if "seed" in sampler:
            sampler["seed"] += self.again
        body: dict[str, Any] = {"model": self.endpoint.model or self.name, "messages": [*asked], **sampler}
        return streamed(self.endpoint, self.name, body)

    def say(self, text: str, out: TextIO) -> None:
        """Ask, and write the answer; both turns are remembered when it is whole, neither when it is not."""
        self.again = 0
        self.answer([*self.messages, {"role": "user", "content": text}], out)

    def regenerate(self, out: TextIO) -> None:
        """Ask the last question again; the answer there was stands until the new one is whole."""
        asked = self.last_asked()
        self.again += 1
        self.answer(asked, out)

    def last_asked(self) -> list[Turn]:
        """What the last answer is an answer to."""
        if not self.messages or self.messages[-1]["role"] != "assistant":
            raise UsageError("there is no answer yet that could be made again; ask something first")
        return self.messages[:-1]

    def answer(self, asked: list[Turn], out: TextIO) -> None:
        whole = ""
        for piece in self.pieces(asked):
            whole += piece
            out.write(safe(piece) if out.isatty() else piece)
            out.flush()
        out.write("\n")
        out.flush()
        self.messages = [*asked, {"role": "assistant", "content": whole}]

    def command(self, line: str) -> str:
        """Do what a line that begins with a slash says; what to tell of it. Raises UsageError naming what is wrong."""
        verb, _, rest = line[1:].partition(" ")
        match verb:
            case "system":
                self.messages = [{"role": "system", "content": rest.strip()}] if rest.strip() else []
                return "started over" + (" with this system turn" if self.messages else ", no system turn")
            case "reset":
                self.messages = [m for m in self.messages if m["role"] == "system"]
                return "started over"
            case "set":
                return self.set(*rest.split())
            case "show":
                shown = ", ".join(f"{k} {v:g}" for k, v in self.sampler.items()) or "the server's own settings"
                return "\n".join([shown, *(f"{m['role']}: {m['content']}" for m in self.messages)])
            case "save":
                return self.save(rest.strip(), [self.name])
            case "help":
                return HELP
        raise UsageError(f"no command is called /{verb}{nearest(verb, COMMANDS)}; /help")

    def told(self) -> dict[str, Any]:
        """What is to be told at the end."""
        return {"model": self.name, "sampler": self.sampler, "messages": self.messages}

    def save(self, name: str, models: Sequence[str]) -> str:
        """Add the conversation with some models to a file, in the layout `messages`: `ChatFile` reads it."""
        self.last_asked()
        path = Path(name).expanduser()
        if path.suffix != ".jsonl":
            raise UsageError(f"/save needs the name of a file that ends in .jsonl, not {name!r}")
        line = encode({"messages": self.messages, "meta": {"models": models, "sampler": self.sampler}}) + b"\n"
        try:
            with open(path, "ab") as file:
                append(file.fileno(), line)
        except OSError as error:
            raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        return f"added to {path}"

    def set(self, name: str = "", value: str = "", *more: str) -> str:
        """Change one sampler setting; without a value it is the server's own again."""
        if name not in SAMPLER or more:
            raise UsageError(f"a sampler setting is one of {', '.join(SAMPLER)}{nearest(name, SAMPLER)}")
        if not value:
            self.sampler.pop(name, None)
            return f"{name}: the server's own"
        try:
            self.sampler[name] = SAMPLER[name](value)
        except ValueError:
            raise UsageError(f"{name} must be a number, not {value!r}") from None
        return f"{name} {self.sampler[name]:g}"


class Conversation(Protocol):
    """What answers the lines of a chat."""

    def say(self, text: str, out: TextIO) -> None: ...
    def regenerate(self, out: TextIO) -> None: ...
    def command(self, line: str) -> str: ...
    def told(self) -> dict[str, Any]: ...


def converse(talk: Conversation, lines: Iterable[str], out: TextIO, *, forgiving: bool) -> None:
    """Answer each line until the last one or /exit; answers go to `out`, all else to stderr.

    With `forgiving` (a person at a terminal) an error or Ctrl-C ends the answer only; else an error is raised.
    """
    for line in lines:
        text = line.strip()
        if text == "/exit":
            return
        try:
            if text == "/regenerate":
                talk.regenerate(out)
            elif text.startswith("/") and not text.startswith("//"):
                print(safe(talk.command(text)), file=sys.stderr)
            elif text:
                talk.say(text.removeprefix("/") if text.startswith("//") else text, out)
        except (UsageError, EndpointError) as error:
            if not forgiving:
                raise
            print(f"\nkomainu: {safe(str(error))}", file=sys.stderr)
        except EOFError:  # the input ended where a vote was to come
            return
        except KeyboardInterrupt:
            if not forgiving:
                raise
            print("\nstopped; this answer is forgotten", file=sys.stderr)


def typed(prompt: str = "> ") -> Iterator[str]:
    """What a person types, a line at a time, until Ctrl-D, or Ctrl-C where nothing is being answered."""
    import readline  # noqa: F401 - input() edits lines once it is there

    while True:
        try:
            yield input(prompt)
        except (EOFError, KeyboardInterrupt):
            print(file=sys.stderr)
            return
