"""Rows as a model is trained on them: the rendered text, and which of its tokens are targets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.stage import Stage, upstream_first
from komainu.store import Store
from komainu.terminal import safe
from komainu.train.base import Train
from komainu.train.directory import Directory
from komainu.train.engines.base import Engine
from komainu.train.render import Tokens

TRAINED, PLAIN = "\x1b[30;42m", "\x1b[0m"  # black on green; as the terminal is


class Run(NamedTuple):
    """Tokens side by side that are all trained or all not, as text."""

    text: str
    trained: bool


class Document(NamedTuple):
    """A rendered conversation; `name` says which answer of a pair it has."""

    name: str
    tokens: int
    targets: int
    runs: list[Run]


class Shown(NamedTuple):
    """A row of a training stage, or why none can be shown."""

    stage: str
    row: str
    documents: list[Document]
    why: str = ""

    def json(self) -> dict[str, Any]:
        documents = [{**d._asdict(), "runs": [run._asdict() for run in d.runs]} for d in self.documents]
        return {**self._asdict(), "documents": documents}

    def lines(self, *, colour: bool) -> Iterator[str]:
        """For a terminal in colour; elsewhere what is trained stands in ⟦ ⟧."""
        if self.why:
            yield f"{self.stage}: no rows to show: {self.why}"
        begin, end = (TRAINED, PLAIN) if colour else ("⟦", "⟧")
        for each in self.documents:
            answer = f", {each.name}" if each.name else ""
            yield f"{self.stage} row {self.row}{answer}: {each.tokens} tokens, {each.targets} trained"
            text = "".join(f"{begin}{safe(r.text)}{end}" if r.trained else safe(r.text) for r in each.runs)
            yield from (f"  {line}" for line in text.split("\n"))


def below(target: Stage, store: Store, n: int) -> Iterator[Shown]:
    """The first `n` rows of each training under a target, as its base's tokenizer and template render them.

    A stage whose data or base is not at hand yet says so. A character that a token splits shows as U+FFFD.
    """
    from komainu.models.folder import load_tokenizer

    for made in upstream_first(target):
        stage = made.of if isinstance(made, Engine) else made
        if not isinstance(stage, Train):
            continue
        base, built = base_of(stage, store), store.find(stage.data)
        rows = built.rows() if built else stage.data.peek()
        if base is None or rows is None:
            lacking = stage.data.label if rows is None else stage.model.label
            yield Shown(stage.label, "", [], f"{lacking} is not built yet")
            continue
        tokenizer = load_tokenizer(base)
        try:
            units = stage.units(tokenizer, [*islice(rows, n)])
        except UsageError as error:
            yield Shown(stage.label, "", [], str(error))
            continue
        for unit in units:
            found = [document(tokenizer, name, d) for name, d in zip(stage.names, unit.documents, strict=True)]
            yield Shown(stage.label, unit.id, found)


def base_of(stage: Train, store: Store) -> Path | None:
    """A directory with the tokenizer that a stage will use: its own base's, or of what that is trained from."""
    source: Stage = stage.model
    while True:
        if built := store.find(source):
            return built.path
        if isinstance(source, Directory):
            return Path(source.path) if Path(source.path).is_dir() else None
        if isinstance(source, Engine):
            source = source.of
        if not isinstance(source, Train):
            return None
        source = source.model


def document(tokenizer: Any, name: str, tokens: Tokens) -> Document:
    trained = [False, *tokens.trained[1:]]  # the first token is never predicted
    runs = []
    for is_trained, some in groupby(zip(tokens.ids, trained, strict=True), key=lambda pair: pair[1]):
        text = tokenizer.decode([i for i, _ in some], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        runs.append(Run(text, is_trained))
    return Document(name, len(tokens.ids), tokens.targets, runs)
