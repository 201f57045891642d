"""README.md of a published set: what it holds, how it was made, whose words it has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from komainu.licences import UNKNOWN, asks, conflict, normal
from komainu.release.data_files import Published, Seen
from komainu.release.datasets import read_set
from komainu.release.markdown import metadata, table
from komainu.release.numbers import whole
from komainu.release.provenance import upstream
from komainu.release.sections import dropped_table
from komainu.release.teachers import terms_of
from komainu.release.templates import render
from komainu.release.words import en
from komainu.rows import Chat
from komainu.store import Artifact, Store

if TYPE_CHECKING:
    from komainu.release.datacard import DataCard

SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
LARGER = "10M<n<100M"
SHOWN = 600  # characters of a turn in a sample
FILES = "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*.parquet\n"
HUB = re.compile(  # licences that the hub knows by these names
    r"cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-[234]\.0|apache-2\.0|mit|isc|bsd-[23]-clause|odc-by|unlicense|gemma|llama[23](\.\d)?"
)


def readme(card: DataCard, data: Artifact, seen: Seen, store: Store) -> str:
    """The card of the rows of `data` that were seen."""
    made = [a for a in upstream(store, [data.ref]) if a.record["makes"] in ("Chat", "Pair")]
    pairs = data.record["makes"] == "Pair"
    return render(
        "data.md.jinja",
        card=card,
        metadata=front(card, seen, pairs),
        rows=whole(seen.rows),
        tokens=data.summary.get("tokens"),
        kind="preference pairs" if pairs else "chats",
        pairs=pairs,
        origins=origins(seen),
        totals=totals(seen),
        mixes=[(a.ref, mix_table(a)) for a in made if "parts" in a.summary],
        steps=steps(made),
        dropped=dropped_table(made, en),
        models=models(card, seen, made),
        samples=[(lang, row.id, fenced(row)) for lang, row in seen.shown()],
        licences=[*told(card, seen)],
    )


def front(card: DataCard, seen: Seen, pairs: bool) -> str:
    """The YAML block that the hub reads."""
    known = HUB.fullmatch(normal(card.licence))
    values: dict[str, Any] = {
        "license": normal(card.licence) if known else "other",
        "license_name": "" if known else normal(card.licence),
        "language": sorted({lang for *_, lang in seen.origins} - {UNKNOWN}),
        "task_categories": ["text-generation"],
        "size_categories": [next((name for most, name in SIZES if seen.rows < most), LARGER)],
        "tags": ["komainu", "conversational", *(["preference", "dpo"] if pairs else ["sft"])],
    }
    values["tags"] += ["synthetic"] if seen.models else []
    return metadata(values).removesuffix("---") + FILES + "---"


def origins(seen: Seen) -> str:
    rows = [[*origin, whole(n), share(n, seen.rows)] for origin, n in sorted(seen.origins.items())]
    return table(["Source", "Licence", "Language", "Rows", "Share"], rows, left=3)


def totals(seen: Seen) -> str:
    """Rows by licence and by language."""
    rows: list[list[object]] = []
    for at, what in ((1, "Licence"), (2, "Language")):
        counts = Counter[str]()
        for origin, n in seen.origins.items():
            counts[origin[at]] += n
        rows += [[what, value, whole(n), share(n, seen.rows)] for value, n in sorted(counts.items())]
    return table(["By", "Value", "Rows", "Share"], rows, left=2)


def share(n: int, of: int) -> str:
    return f"{100 * n / of:.1f} %"


def mix_table(mix: Artifact) -> str:
    tokens = "tokens" in mix.summary
    header = ["Part", "Weight", "Rows there", "Rows taken", "Epochs", *(["Tokens"] if tokens else [])]
    rows = [
        [p["stage"], p["weight"], whole(p["there"]), whole(p["rows"]), p.get("epochs", 0)]
        + ([whole(p["tokens"])] if tokens else [])
        for p in mix.summary["parts"]
    ]
    return table(header, rows)


def steps(made: Sequence[Artifact]) -> str:
    """The rows after each step of each set; "" where there was none."""
    rows = [[a.ref, f.step, whole(f.rows)] for a in made for f in read_set(a).flow]
    return table(["Set", "Step", "Rows after it"], rows, left=2) if rows else ""


def models(card: DataCard, seen: Seen, made: Sequence[Artifact]) -> str:
    """Every model that wrote something of a row, or that a step asked about it; "" when there is none."""
    used: dict[str, set[str]] = {name: set() for name in seen.models}
    for artifact in made:
        for step in artifact.record["config"].get("steps", []):
            for name in named(step):
                used.setdefault(name, set()).add(str(step.get("is")))
    rows = [
        [name, ", ".join(sorted(by)) or "not here", terms_of(name, card.terms), whole(seen.models[name])]
        for name, by in sorted(used.items())
    ]
    return table(["Model", "Asked by", "Terms of its output", "Rows it wrote of"], rows, left=3) if rows else ""


def named(config: Any) -> Iterator[str]:
    """The names of the models in a config."""
    if isinstance(config, dict):
        if config.get("is") == "Model":
            yield str(config.get("name"))
        for value in config.values():
            yield from named(value)
    elif isinstance(config, list):
        for value in config:
            yield from named(value)


def told(card: DataCard, seen: Seen) -> Iterator[str]:
    """What is to be known of the rows' licences."""
    for licence in sorted({licence for _, licence, _ in seen.origins}):
        if conflict(licence, card.licence):
            yield f"Rows under {licence} are here because they were cleared by those who publish the set."
        elif asks(licence):
            yield f"{licence}: {'; '.join((asks(licence) or {}).values())}."


def fenced(row: Published) -> str:
    """A row's turns in a block of code that nothing in them ends."""
    messages = row.messages if isinstance(row, Chat) else row.prompt
    turns: list[tuple[str, str]] = [(m.role, m.content) for m in messages]
    turns += [] if isinstance(row, Chat) else [("chosen", row.chosen), ("rejected", row.rejected)]
    text = "\n".join(f"{role}: {short(said)}" for role, said in turns)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=2))
    return f"{max(fence, '```', key=len)}text\n{text}\n{max(fence, '```', key=len)}"


def short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} […]"
