"""Finding one call again in the call log: what was asked, how it was sampled, what was said. Reads only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from komainu.models.seeds import digest
from komainu.rows import Message

FIELDS = ("key", "messages", "sample", "text", "finish", "prompt_tokens", "completion_tokens", "stage")
SELECT = f"select {', '.join(FIELDS)} from calls where "


class Lookup:
    """The calls of a log that may not be there: then nothing is found."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True) if path.exists() else None

    def __enter__(self) -> Lookup:
        return self

    def __exit__(self, *error: object) -> None:
        if self.db:
            self.db.close()

    def call(self, model: str, sample: int, prompt: Sequence[Message], text: str) -> dict[str, Any] | None:
        """The call of a model's id that was asked `prompt`; else the first that said `text`, which reads the whole log.

        With the model's config as `sampling`; None when neither is there.
        """
        if self.db is None:
            return None
        key = digest([model, [[m.role, m.content] for m in prompt], sample]).hex()
        by_text = "model = ? and sample = ? and text = ? order by key limit 1"
        row = self.one(SELECT + "key = ?", key) or (text and self.one(SELECT + by_text, model, sample, text))
        if not row:
            return None
        found = dict(zip(FIELDS, row, strict=True))
        return {**found, "messages": json.loads(found["messages"]), "sampling": self.sampling(model)}

    def sampling(self, model: str) -> dict[str, Any] | None:
        row = self.db and self.one("select config from models where id = ?", model)
        return json.loads(row[0]) if row else None

    def model(self, config: Any) -> str:
        """The id of the model with a config; "" when the log has none."""
        if self.db is None:
            return ""
        with closing(self.db.execute("select id, config from models order by id")) as rows:
            return next((str(id) for id, text in rows if json.loads(text) == config), "")

    def one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        assert self.db is not None, "asked only where there is a log"
        found: tuple[Any, ...] | None = self.db.execute(statement, values).fetchone()
        return found
