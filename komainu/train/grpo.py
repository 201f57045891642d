"""Group relative policy optimisation: the model answers, rules mark the answers, better ones are made likelier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from komainu.checks.reward import RuleReward
from komainu.errors import UsageError
from komainu.rows import Chat, Row, turns_problem
from komainu.train.base import Rollout, Train, Unit
from komainu.train.render import Tokens, check_tokenizer, refuse, texts

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat
    from komainu.train.ranks import Ranks


@dataclass(frozen=True, kw_only=True)
class GRPO(Train):
    """Reinforcement learning with verifiable rewards (arXiv 2402.03300). `data` are prompts; an answer is left out.

    Of each of `fit.global_batch` prompts the model as it is draws `group` answers, at temperature 1 and from the whole
    distribution, as the gradient assumes. `reward` marks them; an answer without an end within `max_tokens` has 0.
    An answer's advantage is its reward less the group's mean, over the group's standard deviation if `scaled`. Its
    tokens' loss is -min(ratio x advantage, clipped ratio x advantage), the ratio to the probability at drawing held
    within 1 - clip[0] and 1 + clip[1]; it differs from 1 from the second of the `iterations` steps on that learn from
    the same answers. `kl` weighs an estimate of the divergence from `model`, where training starts (0: no such term).

    `average`: "answer", each answer weighs the same (GRPO); "token", each token of the batch does (DAPO, arXiv
    2503.14476, which also has clip=(0.2, 0.28)); "constant", sums over tokens divided by `max_tokens` (Dr. GRPO, arXiv
    2503.20783, which also has scaled=False).

    metrics.jsonl has of each step `reward`, `length` (tokens), `ended` (share of answers), `flat` (share of groups
    whose answers all have the same reward: no signal), `clipped` and `kl`, averaged as the loss is. Each of
    several ranks draws its share of the answers with the whole model: it is never sharded. Not covered: drawing again
    for groups without signal, rewards of models, several turns.
    """

    eats = Chat
    reward: RuleReward
    group: int = 8
    max_tokens: int = 256
    clip: tuple[float, float] = (0.2, 0.2)
    kl: float = 0.0
    scaled: bool = True
    average: Literal["answer", "token", "constant"] = "answer"
    iterations: int = 1

    def check(self) -> Iterator[str]:
        yield from super().check()
        yield from (f"GRPO.reward: {p}" for p in self.reward.problems())
        if self.group < 2:
            yield f"GRPO.group is {self.group}; an answer is compared with others from 2 on"
        if self.max_tokens < 1 or self.iterations < 1:
            yield "GRPO.max_tokens and GRPO.iterations must be at least 1"
        if not (0 < self.clip[0] < 1 and self.clip[1] > 0):
            yield f"GRPO.clip is {self.clip}; the first is above 0 and below 1, the second above 0"
        if self.kl < 0:
            yield f"GRPO.kl is {self.kl}; it must not be below 0"
        if self.average not in ("answer", "token", "constant"):
            yield f"GRPO.average is {self.average!r}; it is 'answer', 'token' or 'constant'"
        if self.fit.neftune:
            yield "GRPO.fit.neftune: noise is for SFT; the answers of a group share their prompt's embeddings"
        if self.fit.steps % self.iterations:
            yield f"GRPO.fit.steps is {self.fit.steps}; it must be a multiple of iterations={self.iterations}"

    def units(self, tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
        """A prompt each, up to where the assistant speaks; nothing is trained before it is answered."""
        chats = [row for row in rows if isinstance(row, Chat)]
        check_tokenizer(tokenizer, self.model.label, system=any(m.role == "system" for c in chats for m in c.messages))
        wrong = [(c.id, turns_problem(c.prompt, ("user", "tool"))) for c in chats]
        refuse([(row, what) for row, what in wrong if what], len(chats))
        if len({c.id for c in chats}) < len(chats):
            raise UsageError(
                f"{self.data.label} has several rows of one id; answers would share their randomness"
                "; give each its own, or put Exact before"
            )
        prompts = texts(tokenizer, [c.prompt for c in chats], prompt=True)
        encoded = tokenizer(prompts, add_special_tokens=False)["input_ids"] if prompts else []
        return [Unit(c.id, (Tokens(c.id, i, [False] * len(i)),)) for c, i in zip(chats, encoded, strict=True)]

    def examine(self, tokenizer: Any, context: int, units: Sequence[Unit]) -> None:
        from komainu.train.preflight import suits

        most = context - self.max_tokens
        why = f"prompt of more than {most} tokens: with max_tokens={self.max_tokens} it would not fit {context}"
        refuse([(u.id, why) for u in units if len(u.documents[0].ids) > most], len(units))
        suits(self.fit, units)

    @property
    def uses(self) -> int:
        return self.iterations

    def rollout(self, model: Any, tokenizer: Any, rows: Iterable[Row], ranks: Ranks) -> Rollout | None:
        from komainu.train.rollout import Answering

        return Answering(self, model, tokenizer, [row for row in rows if isinstance(row, Chat)], ranks)

    def weight(self, units: Sequence[Unit]) -> float:
        if self.average == "token":
            return float(sum(d.targets for u in units for d in u.documents))
        return float(sum(len(u.documents) for u in units))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        from komainu.train.rollout import clipped_loss

        return clipped_loss(self, logps, flat, units)
