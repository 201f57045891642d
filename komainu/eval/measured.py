"""How scores were measured: what must be equal where numbers of several models stand in one column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from komainu.models.base import Model
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.eval.base import Scores

Way = dict[str, str]


def measured(scores: Scores) -> Way:
    """The bench with its settings (a judge's prompt among them), the items, how the model was sampled, and what made
    the verdicts: a word for each to its description. Equal ones are comparable.

    The model's own RoPE scaling is the model's, not the measurement's.
    """
    prompt = str(scores.bench.config().get("prompt", ""))
    judges = [spec for spec in scores.how if isinstance(spec, Model)]
    others = [spec for spec in scores.how if not isinstance(spec, Model)]
    found = {
        "bench": named(scores.bench),
        "prompt": prompt,
        "items": scores.answers.items.label,
        "sampling": "; ".join(map(settings, samplings(scores))),
        "samples": "" if scores.answers.samples == 1 else str(scores.answers.samples),
        "judges": ", ".join(sorted(map(judge, judges))),
        "judged with": "; ".join(sorted({settings(each) for each in judges})),
        "read by": ", ".join(map(named, others)),
    }
    return {word: text for word, text in found.items() if text}


def named(spec: Spec) -> str:
    return f"{type(spec).__name__} {spec.id}"


def judge(model: Model) -> str:
    return f"{model.name} {model.weights.id}" if model.weights else model.name


def weights_of(model: Model) -> Model:
    """The model without how it is sampled."""
    return Model(name=model.name, weights=model.weights, rope=model.rope)


def sampling_of(model: Model) -> Model:
    """How a model is sampled, whichever model it is."""
    return replace(model, name="", weights=None, rope=None)


def samplings(scores: Scores) -> list[Model]:
    """The ways in which a model was sampled for some scores, whichever model it is."""
    return [*dict.fromkeys(sampling_of(model) for model, _ in scores.answers.rounds)]


def settings(model: Model) -> str:
    """`temperature 0, max_tokens 512`: the sampling settings that are not at their defaults, and these two."""
    plain, always = Model(name=""), ("temperature", "max_tokens")
    names = ("temperature", "top_p", "min_p", "max_tokens", "seed", "generation")
    shown = [name for name in names if name in always or getattr(model, name) != getattr(plain, name)]
    return ", ".join(f"{name} {getattr(model, name):g}" for name in shown)
