"""What GRPO computes: answers drawn from the model that is being trained, their advantages, the clipped loss."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from komainu.models.base import Model
from komainu.models.decode import Generated, Prompt, decode
from komainu.models.engine import groups, stop_ids
from komainu.rows import Chat
from komainu.train.attention import FLAT
from komainu.train.base import Unit
from komainu.train.batches import runs
from komainu.train.flat import Flat, flatten, target_logps
from komainu.train.precision import mixed
from komainu.train.ranks import Ranks
from komainu.train.render import Tokens

if TYPE_CHECKING:
    from komainu.train.grpo import GRPO

TOGETHER = 256  # answers drawn at once, at most; fixed, since neighbours can change the last bit of a logit


class Answering:
    """Answers a step's prompts with the model as it is; the same answers whenever the same weights are asked.

    An answer's randomness comes from (fit.seed, step, row id, which of the group). Beside the model it holds a frozen
    copy of it where there is a divergence to be measured, and the chats, whose meta the rewards read. Of several ranks
    each draws every n-th answer and computes every n-th group's log-probabilities; all end with the same units.
    """

    def __init__(self, stage: GRPO, model: Any, tokenizer: Any, chats: Sequence[Chat], ranks: Ranks) -> None:
        self.stage, self.model, self.tokenizer, self.ranks = stage, model, tokenizer, ranks
        self.chats = {chat.id: chat for chat in chats}
        self.ends = stop_ids(model, tokenizer)
        self.start = copy.deepcopy(model).requires_grad_(False) if stage.kl else None

    def __call__(self, units: Sequence[Unit], step: int) -> tuple[list[Unit], dict[str, float]]:
        k = self.stage.group
        prompts = [
            Prompt(u.documents[0].ids, self.stage.max_tokens, seed(self.stage.fit.seed, step, u.id, i))
            for u in units
            for i in range(k)
        ]
        made = self.draw(prompts)
        said = self.tokenizer.batch_decode(
            [m.said for m in made], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        rewards = [
            self.stage.reward(self.chats[prompt_of.id].with_reply(text)) if m.stopped else 0.0
            for prompt_of, text, m in zip((u for u in units for _ in range(k)), said, made, strict=True)
        ]
        grouped = [rewards[i : i + k] for i in range(0, len(rewards), k)]
        answered = [
            answered_by(u, made[n * k : n * k + k], advantages(some, self.stage))
            for n, (u, some) in enumerate(zip(units, grouped, strict=True))
        ]
        notes = {
            "reward": sum(rewards) / len(rewards),
            "length": sum(len(m.ids) for m in made) / len(made),
            "ended": sum(m.stopped for m in made) / len(made),
            "flat": sum(min(some) == max(some) for some in grouped) / len(grouped),
        }
        return self.remembered(answered), notes

    def draw(self, prompts: Sequence[Prompt]) -> list[Generated]:
        """An answer a prompt, in order; those of like length are drawn together."""
        mine: dict[int, list[int]] = {}  # whether it was stopped, and its tokens
        sampling = Model(name=self.stage.model.label, temperature=1.0)
        self.model.set_attn_implementation("sdpa")  # flat batches have no cache
        self.model.eval()
        try:
            for alike in groups([len(p.ids) for p in prompts]):
                places = alike[self.ranks.rank :: self.ranks.size]
                for some in (places[i : i + TOGETHER] for i in range(0, len(places), TOGETHER)):
                    with mixed(self.model.device, kept=True):
                        found = decode(self.model, [prompts[i] for i in some], self.ends, sampling)
                    mine |= {i: [int(a.stopped), *a.ids] for i, a in zip(some, found, strict=True)}
        finally:
            self.model.set_attn_implementation(FLAT)
            self.model.train()
        pooled = self.ranks.pooled(mine, len(prompts))
        return [Generated([int(v) for v in ids], bool(was_stopped)) for was_stopped, *ids in pooled]

    def remembered(self, units: list[Unit]) -> list[Unit]:
        """The units with the log-probabilities that the loss compares with: at drawing, and at the start of training.

        With one iteration the first are those of the step itself and are not computed twice.
        """
        if self.stage.iterations > 1:
            units = self.marked(units, self.model)
        return self.marked(units, self.start) if self.start is not None else units

    @torch.no_grad()
    def marked(self, units: list[Unit], model: Any) -> list[Unit]:
        """The units with their targets' log-probabilities behind each document's marks."""
        places = range(self.ranks.rank, len(units), self.ranks.size)
        mine: dict[int, list[float]] = {}
        at = iter(places)
        for some in runs([units[i] for i in places], self.stage.fit.micro_tokens):
            flat = flatten([u.documents for u in some], model.device)
            with mixed(model.device):
                rest = iter(target_logps(model, flat).tolist())
            mine |= {next(at): [next(rest) for d in u.documents for _ in range(d.targets)] for u in some}
        done = []
        for unit, found in zip(units, self.ranks.pooled(mine, len(units)), strict=True):
            logps = iter(found)
            more = [tuple(next(logps) for _ in range(d.targets)) for d in unit.documents]
            done.append(unit._replace(marks=tuple(a + b for a, b in zip(unit.marks, more, strict=True))))
        return done


def seed(run: int, step: int, row: str, which: int) -> int:
    """Below 2**63."""
    return int.from_bytes(hashlib.sha256(f"grpo:{run}:{step}:{row}:{which}".encode()).digest()[:8]) >> 1


def answered_by(unit: Unit, answers: Sequence[Generated], gains: Sequence[float]) -> Unit:
    """A prompt and its answers as they were drawn, token by token, never rendered again; with their advantages."""
    before = unit.documents[0].ids
    documents = tuple(Tokens(unit.id, before + a.ids, [False] * len(before) + [True] * len(a.ids)) for a in answers)
    return Unit(unit.id, documents, marks=tuple((gain,) for gain in gains))


def advantages(rewards: Sequence[float], stage: GRPO) -> list[float]:
    """How much better each answer is than its group: all 0 where all are alike."""
    if min(rewards) == max(rewards):
        return [0.0] * len(rewards)
    mean = sum(rewards) / len(rewards)
    spread = (sum((r - mean) ** 2 for r in rewards) / len(rewards)) ** 0.5 if stage.scaled else 1.0
    return [(r - mean) / spread for r in rewards]


def clipped_loss(
    stage: GRPO, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]
) -> tuple[torch.Tensor, dict[str, float]]:
    """The summed loss of some groups of answers. Of each answer's marks the first is its advantage."""
    each = [(d.targets, m) for u in units for d, m in zip(u.documents, u.marks, strict=True)]
    parts = [{"answer": 1 / n, "token": 1.0, "constant": 1 / stage.max_tokens}[stage.average] for n, _ in each]
    scale = logps.new_tensor(parts, dtype=torch.float64)[flat.owner]
    advantage = logps.new_tensor([m[0] for _, m in each], dtype=torch.float64)[flat.owner]
    now = logps.double()
    before = now.detach() if stage.iterations == 1 else told(now, each, 0)
    ratio = (now - before).exp()
    held = ratio.clamp(1 - stage.clip[0], 1 + stage.clip[1])
    gain = torch.minimum(ratio * advantage, held * advantage)
    notes = {"clipped": float(((held * advantage < ratio * advantage) * scale).sum())}
    loss = -(gain * scale).sum()
    if stage.kl:
        away = told(now, each, int(stage.iterations > 1)) - now
        divergence = ((away.exp() - away - 1) * scale).sum()
        notes["kl"] = float(divergence.detach())
        loss = loss + stage.kl * divergence
    return loss, notes


def told(like: torch.Tensor, each: Sequence[tuple[int, tuple[float, ...]]], which: int) -> torch.Tensor:
    """Of the log-probabilities in the answers' marks the first or the second set, one a target."""

    def some() -> Iterator[float]:
        for n, m in each:
            yield from m[1 + which * n : 1 + which * n + n]

    return like.new_tensor([*some()])
