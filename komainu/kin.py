"""The rows of artifacts with no more than tells where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from komainu.errors import UsageError
from komainu.store import Artifact

CALL = "call:"  # how a call's name begins in meta["from"]


class Meta(msgspec.Struct, frozen=True):
    """What a row's meta tells of its origin."""

    source: Any = ""
    licence: Any = ""
    made_of: list[str] = msgspec.field(default_factory=list, name="from")


class Kin(msgspec.Struct, frozen=True):
    """A row: its id, and what it was made of. The id of a Score is that of the answer it judges."""

    id: str
    meta: Meta = Meta()

    @property
    def rows(self) -> set[str]:
        """The ids under which this row stands in what it was made from: its own, and those it names."""
        return {self.id, *(name for name in self.meta.made_of if not name.startswith(CALL))}

    @property
    def calls(self) -> list[str]:
        return [name for name in self.meta.made_of if name.startswith(CALL)]


def kin(artifact: Artifact) -> Iterator[tuple[Kin, bytes]]:
    """Every row of an artifact, with its line; nothing where there is no rows.jsonl."""
    path = artifact.path / "rows.jsonl"
    decoder = msgspec.json.Decoder(Kin)
    if not path.exists():
        return
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decoder.decode(line), line
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise UsageError(
                    f"{path}:{number}: not a row: {error}"
                    "; `komainu verify` finds what else has changed: remove that folder and run the recipe again"
                ) from None
