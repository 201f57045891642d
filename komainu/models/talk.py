"""A chat with one model at a terminal, or over lines of a file: history, a system turn, sampler settings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO

from komainu.errors import EndpointError, UsageError, nearest
from komainu.models.stream import streamed
from komainu.settings import Endpoint

SAMPLER: dict[str, Callable[[str], float]] = {
    "temperature": float,
    "top_p": float,
    "min_p": float,
    "max_tokens": int,
    "seed": int,
}
HELP = """/system TEXT   the system turn from now on; without TEXT none (starts over)
/reset         start over
/set NAME VALUE  one of temperature, top_p, min_p, max_tokens, seed; without VALUE the server's own
/show          the settings and what has been said
/exit          end (so does the end of the input)
a message that begins with a slash is written with two"""


@dataclass
class Talk:
    """What has been said, and how the next answer is asked for. Only settings that are set are sent."""

    endpoint: Endpoint
    name: str
    sampler: dict[str, float] = field(default_factory=dict)
    messages: list[dict[str, str]] = field(default_factory=list)

    def ask(self, text: str) -> Iterator[str]:
        """The pieces of the answer; both turns are remembered when it is whole, neither when it is not."""
        asked = [*self.messages, {"role": "user", "content": text}]
        body: dict[str, Any] = {"model": self.endpoint.model or self.name, "messages": asked, **self.sampler}
        answer = ""
        for piece in streamed(self.endpoint, self.name, body):
            answer += piece
            yield piece
        self.messages = [*asked, {"role": "assistant", "content": answer}]

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
            case "help":
                return HELP
        raise UsageError(
            f"no command is called /{verb}{nearest(verb, ('system', 'reset', 'set', 'show', 'exit'))}; /help"
        )

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


def converse(talk: Talk, lines: Iterable[str], out: TextIO, *, forgiving: bool) -> None:
    """Answer each line until the last one or /exit; answers go to `out`, all else to stderr.

    With `forgiving` (a person at a terminal) an error or Ctrl-C ends the answer only; else an error is raised.
    """
    for line in lines:
        text = line.strip()
        if text == "/exit":
            return
        try:
            if text.startswith("/") and not text.startswith("//"):
                print(talk.command(text), file=sys.stderr)
            elif text:
                for piece in talk.ask(text.removeprefix("/") if text.startswith("//") else text):
                    out.write(piece)
                    out.flush()
                out.write("\n")
                out.flush()
        except (UsageError, EndpointError) as error:
            if not forgiving:
                raise
            print(f"\nkomainu: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            if not forgiving:
                raise
            print("\nstopped; this turn is forgotten", file=sys.stderr)


def typed(prompt: str = "> ") -> Iterator[str]:
    """What a person types, a line at a time, until Ctrl-D, or Ctrl-C where nothing is being answered."""
    import readline  # noqa: F401 - input() edits lines once it is there

    while True:
        try:
            yield input(prompt)
        except (EOFError, KeyboardInterrupt):
            print(file=sys.stderr)
            return
