"""Board: several models on the same benches, with intervals, averages and paired decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError
from komainu.eval.base import Scores
from komainu.eval.measured import samplings, weights_of
from komainu.files import write_json
from komainu.rows import Score
from komainu.spec import Spec
from komainu.stage import Stage, Table, needs

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Entry(Spec):
    """One model on a board, under the name it is shown by, with its scores on every bench of the board.

    Several scores of one bench are runs of it: the same but for the seed (`Model.seed`) that their answers were drawn
    with. They are told as one number, whose interval has what differs between runs beside what differs between items.
    """

    name: str
    scores: tuple[Scores, ...]


@dataclass(frozen=True, kw_only=True)
class Board(Stage):
    """Writes `board.json`, all that a card or report shows of an evaluation:

    rows        one an entry, bench, language and metric: mean, n, items, missing, low, high, reasons, `worst` and
                `best` (the mean if all that is missing were so), `judges` and `balanced` (each judge's numbers and
                the mean of their means) where judges marked, and `scores`, the artifact (`scores/<id>`) the numbers
                come from; `runs` where there are several
    measured    how each bench was measured, alike for all entries; see measured.py
    tasks       the same by task, for benches that report by task
    headline    one an entry: `ja`, `en` and `avg` on 0-100, the mean over the benches of a language (habits
                stand beside it, see bench/rate.py) and of the two languages; a rate where lower is better counts
                as 100 minus it. `mean` is null and `withheld` says why when a bench lacks more than 0.5 % of its
                verdicts; then `worst` and `best` bound it. `accept` raises that share, and `accepted` then says
                what was accepted
    decisions   one a pair of entries (each with the next, the first with the last), bench and metric: second
                minus first over the cells (item and judge) that both have, with interval, bootstrap interval, p, p
                after Holm's correction over all of them, counts of discordant items and of cells that only one has,
                the smallest detectable difference, and one of three words at 95 %. Where either entry lacks
                verdicts as above, `withheld` says why, and numbers, p and word are null
    headline_decisions   the same of the averages, a family of its own

    A withheld headline is listed in the summary under `incomplete`, and `komainu run` then ends with code 4.
    The order of the entries matters: each is compared with the one before it. `seed` draws the bootstrap.
    """

    makes: ClassVar[type] = Table
    version: ClassVar[int] = 5
    entries: tuple[Entry, ...]
    seed: int = 0
    accept: float = 0.0

    def check(self) -> Iterator[str]:
        if not 0 <= self.accept < 1:
            yield f"Board.accept is {self.accept}; it is a share of missing verdicts, 0.01 for one in a hundred"
        if not self.entries:
            yield "Board.entries is empty; give it an Entry for each model"
            return
        yield from twice("entries", (entry.name for entry in self.entries))
        first, *others = self.entries
        if not first.scores:
            yield f"the entry {first.name!r} has no scores; give it a Scores for each bench"
        for entry in self.entries:
            yield from self.check_entry(entry)
        for entry in others:
            yield from differ(first, entry)
            yield from sampled_otherwise(first, entry)

    def check_entry(self, entry: Entry) -> Iterator[str]:
        for i, scores in enumerate(entry.scores):
            yield from needs(self, f"entries[{entry.name!r}].scores[{i}]", scores, Score)
        for name, runs in runs_of(entry).items():
            if len({scores.answers.model.seed for scores in runs}) < len(runs):
                yield f"{name!r} stands {len(runs)} times among the scores of {entry.name!r}; runs need a seed each"
            elif len({but_for_seed(scores) for scores in runs}) > 1:
                yield f"the runs of {name!r} of {entry.name!r} differ in more than the seed; a run repeats the same"
        if len({weights_of(scores.answers.model).id for scores in entry.scores}) > 1:
            yield f"the scores of {entry.name!r} are of several models; an entry is one"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.eval.table import board

        if wrong := list(self.check()):
            raise UsageError("; ".join(wrong))
        found = board(self, ctx)
        write_json(out / "board.json", found)
        averages = {
            line["entry"]: {k: v and v["mean"] for k, v in line.items() if k != "entry"} for line in found["headline"]
        }
        words = Counter(d["word"] or "withheld" for d in found["decisions"])
        summary = {"rows": len(found["rows"]), "headline": averages, "decisions": dict(sorted(words.items()))}
        parts = [(line["entry"], part, line[part]) for line in found["headline"] for part in ("ja", "en", "avg")]
        if lacking := [f"{entry} {part}: {v['withheld']}" for entry, part, v in parts if v and v["withheld"]]:
            summary["incomplete"] = lacking
        if accepted := sorted({v["accepted"] for _, _, v in parts if v and v["accepted"]}):
            summary["accepted"] = accepted
        return summary


def column(scores: Scores) -> str:
    """How a board calls the bench of some scores: `exact (ja)`."""
    return f"{scores.bench.title} ({scores.bench.language})"


def runs_of(entry: Entry) -> dict[str, list[Scores]]:
    """The scores of an entry by what a board calls their bench; several are runs."""
    found: dict[str, list[Scores]] = {}
    for scores in entry.scores:
        found.setdefault(column(scores), []).append(scores)
    return found


def but_for_seed(scores: Scores) -> tuple[str, ...]:
    """What must be equal for scores to be runs of the same."""
    model = replace(scores.answers.model, seed=0)
    return (scores.bench.id, *(each.id for each in scores.how), replace(scores.answers, model=model).id)


def twice(what: str, names: Iterator[str]) -> Iterator[str]:
    for name, n in Counter(names).items():
        if n > 1:
            yield f"Board: {name!r} stands {n} times among the {what}; each name must be there once"


def differ(first: Entry, entry: Entry) -> Iterator[str]:
    """Where two entries were not scored alike: benches that one lacks, other settings, other items."""
    ours, theirs = ({name: runs[0] for name, runs in runs_of(e).items()} for e in (first, entry))
    for name in [*ours, *(n for n in theirs if n not in ours)]:
        if name not in ours or name not in theirs:
            lacking, having = (entry, first) if name in ours else (first, entry)
            yield f"the entry {lacking.name!r} lacks the bench {name}, which {having.name!r} has; score both with it"
        elif ours[name].bench.id != theirs[name].bench.id:
            yield f"the bench {name} has other settings for {entry.name!r} than for {first.name!r}"
        elif [each.id for each in ours[name].answers.how] != [each.id for each in theirs[name].answers.how]:
            yield f"on the bench {name} {entry.name!r} was asked otherwise than {first.name!r}; ask alike"
        elif [each.id for each in ours[name].how] != [each.id for each in theirs[name].how]:
            yield f"the bench {name} was judged otherwise for {entry.name!r} than for {first.name!r}; judge alike"
        elif ours[name].answers.items.id != theirs[name].answers.items.id:
            yield f"{entry.name!r} and {first.name!r} answered different items on the bench {name}; use the same items"


def sampled_otherwise(first: Entry, entry: Entry) -> Iterator[str]:
    """Benches on which two entries were not sampled alike; the seed counts where both have one run."""
    ours = runs_of(first)
    for name, runs in runs_of(entry).items():
        a, b = ours.get(name, runs), runs
        seeded = len(a) == len(b) == 1
        one, two = ([how if seeded else replace(how, seed=0) for how in samplings(each[0])] for each in (a, b))
        if one != two:
            yield f"on the bench {name} {entry.name!r} is sampled otherwise than {first.name!r}; sample alike"
