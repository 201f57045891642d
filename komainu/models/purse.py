"""Money: what a call costs, what has been spent, and the cap."""

from __future__ import annotations

import threading

from komainu.errors import OverBudget
from komainu.models.base import Model, Question, Reply
from komainu.settings import Price, Settings

MILLION = 1e6
BYTES = 3  # of a token, where a server does not tell how many tokens there were


def cost(price: Price | None, question: Question, reply: Reply) -> float | None:
    """What a call has cost; None when its model has no price. Tokens that the server does not tell are guessed."""
    if price is None:
        return None
    asked = reply.prompt_tokens or sum(len(m.content.encode()) for m in question.messages) // BYTES
    said = reply.completion_tokens or len((reply.thinking + reply.text).encode()) // BYTES
    return (asked * price.input + said * price.output) / MILLION


class Purse:
    """Counts what is paid, and says when the cap is reached. `spent` begins with what earlier runs have paid."""

    def __init__(self, settings: Settings, spent: float = 0.0) -> None:
        self.prices, self.currency, self.cap = settings.prices, settings.currency, settings.budget
        self.spent = spent
        self.lock = threading.Lock()

    def pay(self, model: Model, question: Question, reply: Reply) -> None:
        if money := cost(self.prices.get(model.name), question, reply):
            with self.lock:
                self.spent += money

    def over(self) -> OverBudget | None:
        """The error to stop with when the cap is reached."""
        if self.cap is None or self.spent < self.cap:
            return None
        return OverBudget(
            f"the budget of {self.cap:g} {self.currency} is reached: {self.spent:.4g} {self.currency} are spent. "
            "Answers so far are kept; run again with a higher `budget` or --budget to go on"
        )
