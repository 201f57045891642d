"""Rows as shards that `datasets`, axolotl and LLaMA-Factory load as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.carried import CARRIED, bare, carry
from komainu.errors import UsageError, nearest
from komainu.files import parquet, write_json, write_objects
from komainu.layouts import LAYOUTS, from_row
from komainu.progress import Progress
from komainu.rows import Chat, Pair, Row
from komainu.stage import Stage, Table
from komainu.store import Artifact

if TYPE_CHECKING:
    from komainu.context import Context

FORMATS = ("parquet", "jsonl.zst", "jsonl")
OPTIONAL: dict[str, Any] = {"alpaca": {"system": "", "history": []}, "alpaca-pair": {"system": "", "history": []}}
FACTORY: dict[str, dict[str, Any]] = {  # what LLaMA-Factory's dataset_info.json says of a layout
    "messages": {
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            **{"role_tag": "role", "content_tag": "content", "user_tag": "user"},
            **{"assistant_tag": "assistant", "system_tag": "system"},
        },
    },
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "conversations"}},
    "sharegpt-pair": {
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
    },
    "alpaca": {
        "columns": {
            **{"prompt": "instruction", "query": "input", "response": "output"},
            **{"system": "system", "history": "history"},
        },
    },
    "alpaca-pair": {
        "ranking": True,
        "columns": {
            **{"prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected"},
            **{"system": "system", "history": "history"},
        },
    },
}


@dataclass(frozen=True, kw_only=True)
class Export(Stage):
    """data/train-00000-of-00003.parquet and so on, and dataset_info.json for LLaMA-Factory.

    Columns: those of the layout, `id`, `label` where the rows have one, and `komainu`: as text, all that the layout
    has no place for. So ChatFile and PairFile give the same rows again. Raises UsageError with the row's id for one
    that the layout cannot hold; nothing is written then. Not covered: rows that call tools.
    """

    makes: ClassVar[type] = Table
    rows: Stage
    layout: str = "messages"
    format: str = "parquet"
    shard_rows: int = 50_000

    def check(self) -> Iterator[str]:
        if self.rows.row_type not in (Chat, Pair):
            yield f"Export.rows makes {self.rows.row_type.__name__}; only chats and pairs are exported"
        elif self.layout in LAYOUTS and LAYOUTS[self.layout].holds is not self.rows.row_type:
            held = ", ".join(n for n, each in LAYOUTS.items() if each.holds is self.rows.row_type)
            yield f"Export.layout {self.layout} holds no {self.rows.row_type.__name__}; those that do: {held}"
        yield from self.spelling_problems()

    def spelling_problems(self) -> Iterator[str]:
        """What is wrong with layout, format and size."""
        if self.layout == "rows" or self.layout not in LAYOUTS:
            yield f"Export.layout is {self.layout!r}{nearest(self.layout, LAYOUTS.keys() - {'rows'})}"
        if self.format not in FORMATS:
            yield f"Export.format is {self.format!r}{nearest(self.format, FORMATS)}"
        if self.shard_rows < 1:
            yield f"Export.shard_rows is {self.shard_rows}; a shard holds at least one row"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return self.shown(ctx.open(self.rows), out)

    def shown(self, source: Artifact, out: Path) -> dict[str, Any]:
        """Write the rows of an artifact, with a progress bar."""
        with Progress(source.summary.get("rows"), "Export") as bar:

            def rows() -> Iterator[Row]:
                for row in source.rows():
                    bar.update()
                    yield row

            return self.write(rows(), out)

    def write(self, rows: Iterable[Row], out: Path) -> dict[str, Any]:
        """Write the shards under `out`; the summary is {"rows", "shards"}."""
        objects = (spelled(row, self.layout) for row in rows)
        folder = out / "data"
        folder.mkdir(parents=True)
        count, labelled, schema = 0, False, None
        shards: list[Path] = []
        while (first := next(objects, None)) is not None:
            if not shards:
                labelled = "label" in first
            alike = same_keys(chain([first], islice(objects, self.shard_rows - 1)), labelled)
            shards.append(folder / f"train-{len(shards):05}.{self.format}")
            if self.format == "parquet":
                module = parquet(shards[-1])
                schema = schema or module.schema_of(first)
                count += module.write(shards[-1], alike, schema, check=True)
            else:
                count += write_objects(shards[-1], alike)
        if not shards:
            raise UsageError("there are no rows to export; name an artifact that has some (`komainu ls`)")
        for number, shard in enumerate(shards):
            shard.rename(folder / f"train-{number:05}-of-{len(shards):05}.{self.format}")
        if entry := self.factory_entry(labelled):
            write_json(out / "dataset_info.json", {"data": entry})
        return {"rows": count, "shards": len(shards)}

    def factory_entry(self, labelled: bool) -> dict[str, Any] | None:
        """The entry for LLaMA-Factory, under the name `data`; None where it does not read layout or format."""
        entry = FACTORY.get(self.layout)
        if entry is None or self.format == "jsonl.zst":
            return None
        columns = {**entry["columns"], **({"kto_tag": "label"} if labelled else {})}
        return {"file_name": "data", **entry, "columns": columns}


def spelled(row: Row, layout: str) -> dict[str, Any]:
    """A row as an object that has the same keys as those of other rows."""
    if not isinstance(row, (Chat, Pair)):
        raise UsageError(f"row {row.id} is a {type(row).__name__}; only chats and pairs are exported")
    return {**OPTIONAL.get(layout, {}), **from_row(bare(row, layout), layout), CARRIED: carry(row)}


def same_keys(objects: Iterable[dict[str, Any]], labelled: bool) -> Iterator[dict[str, Any]]:
    for each in objects:
        if ("label" in each) != labelled:
            has, others = ("a", "have none") if "label" in each else ("no", "have one")
            raise UsageError(f"row {each['id']} has {has} label and rows before it {others}; export them apart")
        yield each
