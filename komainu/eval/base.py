"""Items -> Answers -> Scores. Each is an artifact; one Answers is scored by many benches without asking again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from komainu.errors import UsageError
from komainu.eval.ruling import all_scored, with_reply
from komainu.files import write_rows
from komainu.models.base import Model, Question, Request
from komainu.rows import Chat, Row, Score
from komainu.spec import Spec
from komainu.stage import Questions, Stage, Weights, needs

if TYPE_CHECKING:
    from komainu.context import Context

Lang = Literal["ja", "en"]
SAMPLING = ("temperature", "top_p", "min_p", "max_tokens", "seed")


@dataclass(frozen=True, kw_only=True)
class Bench(Spec):
    """What is asked of one answer. A new bench is one file: the class attributes, `applies` and `score`.

    `language` ("ja" or "en") is the language the answer must be in (`meta["lang"]`); the same bench in the
    other language is another value. Scores lie between `low` and `top`.
    """

    name: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]  # what `score` gives, one Score each
    higher_is_better: ClassVar[bool] = True
    low: ClassVar[float] = 0.0  # the lowest score there is
    top: ClassVar[float] = 1.0  # the highest
    pooled: ClassVar[tuple[str, ...]] = ()  # metrics with `parts` Scores an item, averaged over all of them
    needs_judges: ClassVar[bool] = False  # whether models mark its answers
    language: Lang

    def applies(self, chat: Chat) -> bool:
        """Whether the bench asks something of this item: decided from its prompt and meta, never its answer."""
        return chat.meta.get("lang") == self.language

    def score(self, chat: Chat) -> list[Score]:
        """One Score a metric, `parts` of a pooled one, in the metrics' order, for an answer that is neither missing
        nor empty. Pure: equal chats, equal scores."""
        raise NotImplementedError(f"{type(self).__name__} needs score(chat)")

    def scores(self, chats: Sequence[Chat]) -> Iterator[list[Score]]:
        """What `score` gives for each of many answers, in their order; for a bench that can do several at a time."""
        return map(self.score, chats)

    def scoring(self, answers: Answers, judges: Sequence[Model] = (), seed: int = 0) -> Scores:
        """The stage that scores some answers with this bench; one that needs `judges` makes its own of them, and draws
        what it draws by `seed`."""
        return Scores(answers=answers, bench=self)

    def parts(self, chat: Chat) -> int:
        """How many verdicts a pooled metric gives on one answer; told by the prompt and meta, never the answer."""
        return 1

    def group(self, chat: Chat) -> str:
        """What the item is also reported under, for example its task; "" for nothing."""
        return ""

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        """What is told of the whole set beside the means of the metrics, from its items with their answers and all
        their scores; {} for nothing."""
        return {}

    def own(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """The number to compare with other people's, from the summary of its scores, where that is not the mean of the
        first metric: mean, low, high, and `lacking`, why it is not whole; {} where the mean is that number."""
        return {}

    @property
    def title(self) -> str:
        """What a board calls it; a bench that may stand on a board for several sets of items says which."""
        return self.name

    @property
    def averaged(self) -> bool:
        """Whether a board's averages count it; entries are compared on it either way."""
        return True

    @property
    def sees_empty(self) -> bool:
        """Whether `score` also gets answers with nothing to read, in place of the rule that they are the worst."""
        return False

    @property
    def worst(self) -> float:
        return self.low if self.higher_is_better else self.top

    @property
    def best(self) -> float:
        return self.top if self.higher_is_better else self.low


@dataclass(frozen=True, kw_only=True)
class Answers(Stage):
    """Chat rows: the prompts of `items`, each answered `samples` times by `model`, at each of `temperatures` (at the
    model's own when there are none); ids stay.

    Added to a row's meta: `finish` when the answer did not end by itself, `sample` when there are several,
    `temperature` when it is one of several, `thinking` what a reasoning model wrote before its answer.
    A reply that is empty and did not end by itself (an item that leaves no room for an answer, or that the provider
    refuses) is no answer: it is kept as an empty reply and counted as missing by Scores. One that used up its tokens
    thinking is an empty answer.
    """

    makes: ClassVar[type] = Chat
    model: Model
    items: Stage
    samples: int = 1
    temperatures: tuple[float, ...] = ()

    @property
    def rounds(self) -> list[tuple[Model, int]]:
        """The times that all items are asked: how the model is sampled, and which sample it is."""
        models = [replace(self.model, temperature=t) for t in self.temperatures] or [self.model]
        return [(model, sample) for model in models for sample in range(self.samples)]

    def opening(self, items: Sequence[Chat]) -> list[tuple[Model, Question]]:
        """What is asked before any answer is there."""
        return [(model, Question(item.prompt, sample)) for model, sample in self.rounds for item in items]

    def requests(self, items: Sequence[Chat]) -> Iterator[Request]:
        """The most that is asked of the model's context."""
        return (Request(item.id, Question(item.prompt), self.model.max_tokens) for item in items)

    def check(self) -> Iterator[str]:
        yield from needs(self, "items", self.items, Chat)
        if isinstance(self.model.weights, Stage):
            yield from needs(self, "model.weights", self.model.weights, Weights)
        if self.samples < 1:
            yield f"Answers.samples is {self.samples}; it must be 1 or more"
        if len({*self.temperatures}) < len(self.temperatures):
            yield f"Answers.temperatures are {self.temperatures}; each must be there once"
        if self.samples > 1 and any(model.temperature == 0 for model, _ in self.rounds):
            yield f"Answers.samples is {self.samples} at temperature 0, where all samples are equal; use 1"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        items = rows(self.items)
        return None if items is None else items * len(self.rounds)

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...] | None:
        n = self.expected(rows)
        return None if n is None else (Questions(self.model, n, n, self.items),)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        items = self.read_items(ctx)
        finish: Counter[str] = Counter()
        with ctx.progress(len(items) * len(self.rounds), f"answers of {self.model.name}") as bar:

            def answered() -> Iterator[Chat]:
                for model, rounds in groupby(self.rounds, lambda round: round[0]):
                    meta = {"temperature": model.temperature} if self.temperatures else {}
                    asked = [(item, sample) for _, sample in rounds for item in items]
                    questions = [Question(item.prompt, sample) for item, sample in asked]  # at once: no waiting between
                    for (item, sample), reply in zip(asked, ctx.client.ask(model, questions), strict=True):
                        finish[reply.finish] += 1
                        bar.update()
                        yield with_reply(item, reply, sample if self.samples > 1 else None).with_meta(**meta)

            rows = write_rows(out / "rows.jsonl", answered())
        return {
            "rows": rows,
            "items": len(items),
            "samples": self.samples,
            "model": self.model.name,
            "sampling": self.sampled,
            "finish": dict(sorted(finish.items())),
        }

    @property
    def how(self) -> tuple[Spec, ...]:
        """What the answers were made with beside model and items: equal for what stands in one column."""
        return ()

    @property
    def sampled(self) -> dict[str, Any]:
        """How the model was asked; `temperature` is a list where there are several."""
        told = sampling(self.model)
        return {**told, "temperature": [*self.temperatures]} if self.temperatures else told

    def read_items(self, ctx: Context) -> list[Chat]:
        """The items, each id once."""
        items = [row for row in ctx.open(self.items).rows() if isinstance(row, Chat)]
        twice = [i for i, n in Counter(item.id for item in items).items() if n > 1]
        if twice:
            raise UsageError(
                f"{self.items.label} has {len(twice)} ids more than once, first {twice[0]!r}; items to be answered "
                "need ids of their own"
            )
        if not items:
            raise UsageError(f"{self.items.label} has no rows; there is nothing to ask {self.model.name}")
        return items


@dataclass(frozen=True, kw_only=True)
class Scores(Stage):
    """Score rows: what `bench` says of the answers it applies to, one row an answer and metric; of a pooled metric
    as many as it has parts.

    A missing answer gets `value=None`; an empty one, or one that is only thinking, gets the worst value by
    rule: only a bench that asks for it sees it. The summary tells per metric mean, n, missing and the 95 % interval.
    """

    makes: ClassVar[type] = Score
    answers: Answers
    bench: Bench

    def check(self) -> Iterator[str]:
        if self.bench.language not in get_args(Lang):
            yield f"{type(self.bench).__name__}.language is {self.bench.language!r}; it must be 'ja' or 'en'"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        chats = [r for r in self.answered(ctx) if isinstance(r, Chat) and self.bench.applies(r)]
        if not chats:
            raise UsageError(
                f"no row of {self.answers.items.label} is an item of the bench {self.bench.title} "
                f"({self.bench.language}); leave the bench out or add items"
            )
        scores = self.scored(chats, ctx)
        return {"rows": write_rows(out / "rows.jsonl", scores), **self.numbers(chats, scores, ctx)}

    def numbers(self, chats: Sequence[Chat], scores: list[Score], ctx: Context) -> dict[str, Any]:
        """What the summary tells of some score rows, from these rows and what they are about."""
        from komainu.eval.measured import about

        found = self.summed(chats, scores)
        own = self.bench.own(found)
        return {**about(self), **found, **({"own": own} if own else {}), **self.told(chats, scores, ctx)}

    def answered(self, ctx: Context) -> Iterator[Row]:
        """The rows that are scored."""
        return ctx.open(self.answers).rows()

    def scored(self, chats: Sequence[Chat], ctx: Context) -> list[Score]:
        """The scores of the answers that the bench applies to, in their order."""
        scores = []
        with ctx.progress(len(chats), f"{self.bench.name} of {self.answers.model.name}") as bar:
            for found in all_scored(self.bench, chats):
                scores += found
                bar.update()
        return scores

    def summed(self, chats: Sequence[Chat], scores: list[Score]) -> dict[str, Any]:
        """`metrics`, and `by` and `overall` where there is that, as the summary tells of every bench."""
        from komainu.eval.totals import summary

        return summary(self.bench, chats, scores)

    def told(self, chats: Sequence[Chat], scores: Sequence[Score], ctx: Context) -> dict[str, Any]:
        """What the summary tells beside what it tells of every bench."""
        return {}

    @property
    def how(self) -> tuple[Spec, ...]:
        """What made the verdicts beside the bench (judges, a parse rule): equal for what stands in one column."""
        return ()

    def column(self, rows: Sequence[Score], metric: str) -> dict[str, list[float | None]]:
        """What a board averages and compares of a metric: each item's values, one a sample, None where one is missing.

        `rows` are this stage's own. Scores that make a metric out of other rows than those of its name override it.
        """
        from komainu.eval.totals import by_item

        return by_item(rows, metric)


def sampling(model: Model) -> dict[str, Any]:
    """How a model was asked: its sampling settings, and its RoPE scaling where it has one."""
    found = {name: getattr(model, name) for name in SAMPLING}
    return found | {"rope": model.rope.factor} if model.rope else found


def texts(chat: Chat, key: str) -> tuple[str, ...]:
    """A list of texts in an item's meta, () when it has none; UsageError when it holds anything else."""
    found = chat.meta.get(key) or ()
    if not isinstance(found, (list, tuple)) or not all(isinstance(text, str) for text in found):
        raise UsageError(f"row {chat.id!r}: meta.{key} must be a list of texts, not {found!r}")
    return tuple(found)


def judged(bench: Bench, chat: Chat, why: str) -> list[Score]:
    """The score of a bench with one yes-or-no metric: `why` is "" when the answer is as it should be.

    For a bench where lower is better the score is 1 when something is wrong.
    """
    fine = 1.0 if bench.higher_is_better else 0.0
    return [Score(chat.id, bench.metrics[0], 1.0 - fine if why else fine, why=why)]
