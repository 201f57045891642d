"""Stage: rows of several stages in shares, shuffled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import fsum
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from komainu.context import Context
from komainu.data.mix_table import MixTable
from komainu.data.placing import Group, Head, Place, afford, fetch, headers, owners
from komainu.data.shares import capped, tempered, wholes
from komainu.data.token_counts import Target, TokenCounts, counts
from komainu.errors import UsageError, nearest
from komainu.files import write_rows
from komainu.licences import Rule, conflict
from komainu.rows import Chat, Pair, Row
from komainu.spec import Spec
from komainu.stage import Stage

Order = Literal["shuffled", "language", "length"]
Take = Literal["drawn", "head"]
Column = Literal["lang", "source", "licence", "task"]
TINY = 1e-6  # tokens; what rounding may have taken from a share
REMEDY = "Leave them out, publish under another licence, or put this one into Mix.allowed if you have the right to"


@dataclass(frozen=True, kw_only=True)
class Part(Spec):
    """One part of a mix. `weight` is a share of the whole when Mix.n or Mix.tokens is set, else how often each row is
    taken. `cap` is the most rows of it, with Mix.tokens the most tokens; 0 is no cap. Rows are taken as they are drawn
    by seed and id, or with take="head" from the beginning of the set, as the hub's `train[:25%]` does."""

    stage: Stage
    weight: float = 1.0
    cap: int = 0
    take: Take = "drawn"


@dataclass(frozen=True, kw_only=True)
class Mix(Stage):
    """Rows of `parts` in one shuffled file.

    With neither n nor tokens a weight is a multiplicity: 1 takes every row once, 0.25 a quarter of them, 1.5 every row
    and half of them again. With n > 0 weights are shares of n rows, with tokens > 0 of so many tokens of `target`; a
    part with too few rows repeats them, as `epochs` in the summary tells, and what a cap leaves goes to the others.
    Which rows, and in which order, is decided by SHA-256 of (seed, row id).

    A token budget is never gone over. Each part takes rows in its order as long as the next one fits, and what it
    leaves goes to the next part, capped ones first: the whole is short by less than the one row that came next, unless
    every part is at its cap. With a temperature weights are multiplicities in any case, and the groups of rows that
    differ in `over` get what the root of their size says: 1 is in proportion, more brings them nearer to the same size;
    see `komainu.data.shares.tempered`.
    With order="language" the rows of a language stand together, with "length" (a curriculum) short ones first, by the
    bytes of their lines; equals are shuffled, and which rows are taken is the same.
    A repeated row has the id `<id>~1`, `~2`, ...; a row whose id an earlier part used `<id>@<part>`; both name
    the row in meta["from"]. The summary counts rows, and with `target` tokens, by source, language, task and licence.
    A mix with rows that cannot be published under the licence `release` is refused; `allowed` were cleared by a person.
    Memory: about 500 bytes a row, whatever its length.
    """

    makes: ClassVar[type] = Chat
    parts: tuple[Part, ...]
    n: int = 0
    seed: int = 0
    order: Order = "shuffled"
    tokens: int = 0
    target: Target | None = None
    temperature: float = 0.0
    over: tuple[Column, ...] = ("lang",)
    release: str = ""
    allowed: tuple[str, ...] = ()

    @property
    def row_type(self) -> type:
        return self.parts[0].stage.row_type if self.parts else Chat

    @property
    def inputs(self) -> dict[str, Stage]:
        """Also the counts of the parts' tokens, which another mix of the same sets shares."""
        return super().inputs | {f"counts[{i}]": stage for i, stage in enumerate(self.counting)}

    @property
    def counting(self) -> list[TokenCounts]:
        return [TokenCounts(data=part.stage, target=self.target) for part in self.parts] if self.target else []

    @property
    def rule(self) -> Rule:
        """Which rows cannot be published under `release`."""
        return Rule(partial(conflict, release=self.release), REMEDY, self.allowed)

    def check(self) -> Iterator[str]:
        if not self.parts:
            yield "Mix.parts is empty: give at least one Part(stage=..., weight=...)"
        for i, part in enumerate(self.parts):
            here, kind = f"Mix.parts[{i}]", part.stage.row_type
            if kind not in (Chat, Pair):
                yield f"{here} needs a stage that makes Chat or Pair, but {part.stage.label} makes {kind.__name__}"
            elif kind is not self.row_type:
                yield f"{here} makes {kind.__name__}, but Mix.parts[0] makes {self.row_type.__name__}"
            if part.weight <= 0:
                yield f"{here}.weight is {part.weight}; leave the part out, or give a weight over 0"
            if part.cap < 0:
                yield f"{here}.cap is {part.cap}; give the most rows (tokens, where Mix.tokens is set), or 0 for no cap"
            if part.take not in get_args(Take):
                yield f"{here}.take is {part.take!r}{nearest(part.take, get_args(Take))}"
        yield from self.check_size()
        if self.order not in get_args(Order):
            yield f"Mix.order is {self.order!r}{nearest(self.order, get_args(Order))}"
        if self.release:
            yield from self.rule.of_sources(part.stage for part in self.parts)

    def check_size(self) -> Iterator[str]:
        if self.n < 0:
            yield f"Mix.n is {self.n}; give the number of rows, or 0 for what the weights make"
        if self.tokens < 0:
            yield f"Mix.tokens is {self.tokens}; give the number of tokens, or 0 for what the weights make"
        if self.n and self.tokens:
            yield "Mix.n and Mix.tokens are both set; a mix has a size in rows or in tokens"
        if self.tokens and self.target is None:
            yield "Mix.tokens needs Mix.target: Target(path=...), a directory with the tokenizer that counts them"
        if self.temperature < 0:
            yield f"Mix.temperature is {self.temperature}; 1 is by size, more evens groups out, 0 is as the weights say"
        if wrong := [column for column in self.over if column not in get_args(Column)]:
            yield f"Mix.over has {wrong[0]!r}{nearest(wrong[0], get_args(Column))}"
        if self.target is not None:
            yield from self.target.problems()

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        there = [rows(part.stage) for part in self.parts]
        known = [count for count in there if count is not None]
        caps = any(part.cap for part in self.parts)
        if self.tokens or (caps and self.temperature):
            return None
        return self.n if self.n and not caps else sum(self.quotas(known)) if len(known) == len(there) else None

    def amounts(self, sizes: list[dict[Group, int]]) -> tuple[list[float], list[Mapping[Group, float]]]:
        """Of each part how much to take, and the shares of its groups; `sizes` are what there is of each group, and all
        are rows, or with `tokens` tokens."""
        whole, weights = self.n or self.tokens, [part.weight for part in self.parts]
        sums = [sum(size.values()) for size in sizes]
        masses = [whole * weight / fsum(weights) for weight in weights]
        if not whole or self.temperature:
            masses = [float(round(weight * size)) for weight, size in zip(weights, sums, strict=True)]
        shares: list[Mapping[Group, float]] = [
            {group: size / max(all, 1) for group, size in some.items()} for some, all in zip(sizes, sums, strict=True)
        ]
        if self.temperature:
            cells = [{g: m * share for g, share in some.items()} for m, some in zip(masses, shares, strict=True)]
            masses, shares = tempered(cells, self.temperature, whole or fsum(masses))
        return capped(masses, [part.cap or None for part in self.parts], refill=bool(whole)), shares

    def quotas(self, there: list[int]) -> list[int]:
        """How many rows to take of each part that has so many, whatever its groups; with n > 0 they add up to n."""
        masses, _ = self.amounts([{(): count} for count in there])
        return wholes(masses, round(sum(masses)))

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        files = [ctx.open(part.stage).path / "rows.jsonl" for part in self.parts]
        there = self.read(files, ctx)
        taken = self.taken(there)
        places = [place for part, cells in enumerate(taken) for cell in cells for place in self.placed(part, *cell)]
        self.refuse(places)
        used = owners(places)
        places.sort()
        table = MixTable(with_tokens=self.target is not None)
        with ExitStack() as stack, ctx.progress(len(places), "Mix") as bar:
            opened = [stack.enter_context(open(file, "rb")) for file in files]

            def rows_in_order() -> Iterator[Row]:
                for place in places:
                    row = fetch(opened[place.part], place, used[place.id])
                    table.add(place.part, row, place.row.tokens)
                    bar.update()
                    yield row

            write_rows(out / "rows.jsonl", rows_in_order())
        return table.summary(self.told(there)) | ({"order": self.order} if self.order != "shuffled" else {})

    def told(self, there: list[list[Head]]) -> list[dict[str, Any]]:
        """What the record says of each part beside what was taken of it."""
        return [
            {"stage": part.stage.label, "weight": part.weight, "there": len(rows)}
            | ({"cap": part.cap} if part.cap else {})
            | ({"take": part.take} if part.take != "drawn" else {})
            for part, rows in zip(self.parts, there, strict=True)
        ]

    def read(self, files: list[Path], ctx: Context) -> list[list[Head]]:
        """Every row of every part, as far as choosing needs it."""
        over = self.over if self.temperature else ()
        if not self.target:
            return [[*headers(file, over)] for file in files]
        found = (ctx.open(stage) for stage in self.counting)
        tokens = [counts(artifact.path, artifact.summary["rows"]) for artifact in found]
        return [[*headers(file, over, each)] for file, each in zip(files, tokens, strict=True)]

    def refuse(self, places: list[Place]) -> None:
        """Raises UsageError for rows that cannot be published under `release`."""
        for i, part in enumerate(self.parts if self.release else ()):
            chosen = ((place.row.licence, place.id) for place in places if place.part == i)
            for problem in self.rule.of_ids(chosen):
                raise UsageError(f"Mix.parts[{i}] ({part.stage.label}): {problem}")

    def taken(self, there: list[list[Head]]) -> list[list[tuple[list[Head], int]]]:
        """Of each part its groups: the rows in the order they are taken in, and how many are."""
        sizes = [sized(rows, self.tokens > 0) for rows in there]
        masses, shares = self.amounts(sizes)
        for i, (rows, mass) in enumerate(zip(there, masses, strict=True)):
            if mass and not rows:
                unit = "tokens" if self.tokens else "rows"
                wanted = f"{round(mass)} {unit} are wanted"
                raise UsageError(f"Mix.parts[{i}] ({self.parts[i].stage.label}) has no rows; {wanted}")
        cells = [
            [(self.ordered(i, [row for row in rows if row.group == group]), shares[i][group]) for group in sorted(size)]
            for i, (rows, size) in enumerate(zip(there, sizes, strict=True))
        ]
        if self.tokens:
            return self.affordable(masses, cells)
        quotas = wholes(masses, round(sum(masses)))
        some = [wholes([share * quota for _, share in part], quota) for part, quota in zip(cells, quotas, strict=True)]
        return [
            [(rows, quota) for (rows, _), quota in zip(part, each, strict=True)]
            for part, each in zip(cells, some, strict=True)
        ]

    def affordable(
        self, masses: list[float], cells: list[list[tuple[list[Head], float]]]
    ) -> list[list[tuple[list[Head], int]]]:
        """How many rows of each group its tokens pay for; what is left goes to the next, parts with a cap first."""
        found: list[list[tuple[list[Head], int]]] = [[] for _ in self.parts]
        left = 0.0
        for i in sorted(range(len(self.parts)), key=lambda i: not self.parts[i].cap):
            budget = min(masses[i] + left, self.parts[i].cap or self.tokens)
            spent, until = 0, 0.0
            for rows, share in cells[i]:
                until += budget * share
                quota, cost = afford(rows, until - spent + TINY)
                found[i].append((rows, quota))
                spent += cost
            left += masses[i] - spent
        return found

    def ordered(self, part: int, rows: list[Head]) -> list[Head]:
        """Rows in the order they are taken in."""
        return rows if self.parts[part].take == "head" else sorted(rows, key=lambda row: self.draw("take", row.id))

    def choose(self, part: int, rows: list[Head], quota: int) -> Iterator[Place]:
        """`quota` rows, each as often as the next but for one: who is taken once more is drawn."""
        yield from self.placed(part, self.ordered(part, rows), quota)

    def placed(self, part: int, rows: list[Head], quota: int) -> Iterator[Place]:
        """The first `quota` rows of an order that begins anew at its end, each with its place in the mix."""
        times, more = divmod(quota, len(rows)) if rows else (0, 0)
        for i, row in enumerate(rows[: len(rows) if times else more]):
            before: str | int = row.lang if self.order == "language" else row.bytes if self.order == "length" else 0
            for copy in range(times + (i < more)):
                yield Place(before, self.draw(f"order {part} {copy}", row.id), part, copy, row)

    def draw(self, what: str, row_id: str) -> bytes:
        return hashlib.sha256(f"{what}:{self.seed}:{row_id}".encode()).digest()[:16]


def sized(rows: list[Head], tokens: bool) -> dict[Group, int]:
    """What there is of each group, in rows or in tokens."""
    found: dict[Group, int] = {}
    for row in rows:
        found[row.group] = found.get(row.group, 0) + (row.tokens if tokens else 1)
    return found
