"""What the command line's verb `chat` takes, and what it shares with `serve` and `studio`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

Engine = Literal["transformers", "vllm", "sglang"]
EngineChoice = Annotated[Engine | None, typer.Option(help="What serves it; else `engine` of komainu.toml.")]
Context = Annotated[int, typer.Option(min=0, help="Tokens of prompt and answer; past the trained context RoPE scales.")]
Votes = Annotated[Path, typer.Option(metavar="FILE", help="Where votes between two models are kept.")]


class Chatting(NamedTuple):
    """Whom to talk to, and how: the words of `chat`."""

    words: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL [MODEL] [KEY=VALUE]...",
            help="Model directories, names or ids of the store, endpoints, URL#model; sampler settings.",
        ),
    ]
    engine: EngineChoice = None
    context: Context = 0
    system: Annotated[str, typer.Option(help="The system turn.")] = ""
    votes: Votes = Path("votes.jsonl")
    by: Annotated[str, typer.Option(metavar="NAME", help="Of two models: who votes.")] = "people"
    seed: Annotated[int, typer.Option(help="Of two models: decides which is shown left.")] = 0
