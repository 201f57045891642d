"""What is asked of each model, whether it is paid for now or was before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt

from komainu.models.base import Model, Question, Reply
from komainu.models.cache import Cached
from komainu.models.purse import cost
from komainu.models.seeds import key_of


@dataclass
class Total:
    """A sum over calls, and that of the squares."""

    sum: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        self.sum += value
        self.squares += value * value

    def spread(self, calls: int) -> float:
        """The standard error of the mean of so many calls, as a share of it; 0 where nothing varies."""
        if calls < 2 or not self.sum:
            return 0.0
        mean = self.sum / calls
        return sqrt(max(0.0, self.squares / calls - mean * mean) / (calls - 1)) / mean


@dataclass
class Tally:
    """The different calls to a model: their keys, tokens, money, and the seconds they took when they were paid."""

    keys: set[str] = field(default_factory=set)
    prompt: Total = field(default_factory=Total)
    completion: Total = field(default_factory=Total)
    money: Total = field(default_factory=Total)
    unpriced: int = 0
    seconds: float = 0.0


class Tallied:
    """The call cache, with a tally by the model's name."""

    batch_sensitive = False

    def __init__(self, client: Cached) -> None:
        self.client = client
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        tally, price = self.tallies[model.name], self.client.purse.prices.get(model.name)
        fresh: list[str] = []
        for question, reply in zip(questions, self.client.ask(model, questions), strict=True):
            key = key_of(model, question)
            if key not in tally.keys:
                tally.keys.add(key)
                fresh.append(key)
                tally.prompt.add(reply.prompt_tokens)
                tally.completion.add(reply.completion_tokens)
                money = cost(price, question, reply)
                tally.unpriced += money is None
                tally.money.add(money or 0.0)
            yield reply
        tally.seconds += self.client.log.seconds(fresh)
