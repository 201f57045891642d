"""How scores were measured: what must be equal where numbers of several models stand in one column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from komainu.models.base import Model
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.eval.base import Answers, Scores

Way = dict[str, str]


def measured(scores: Scores) -> Way:
    """The bench with its settings (a judge's prompt among them), the items, how the model was sampled and what else the
    answers were made with, and what made the verdicts: a word for each to its description. Equal ones are comparable.

    Left out: the model's own RoPE scaling, which is the model's, and how many samples there are of an item, which says
    how sure a number is and not what it is of.
    """
    prompt, items = str(scores.bench.config().get("prompt", "")), scores.answers.items
    judges = [spec for spec in scores.how if isinstance(spec, Model)]
    rules = [spec for spec in scores.how if not isinstance(spec, Model)]
    found = {
        "bench": named(scores.bench),
        "prompt": prompt,
        "items": f"{items.label}, limit {limit}" if (limit := getattr(items, "limit", 0)) else items.label,
        "sampling": sampling(scores.answers),
        "asked with": ", ".join(map(named, scores.answers.how)),
        "judges": ", ".join(sorted(map(judge, judges))),
        "judged with": "; ".join(sorted({settings(each) for each in judges})),
        "read by": ", ".join(map(named, rules)),
    }
    return {word: text for word, text in found.items() if text}


def about(scores: Scores) -> dict[str, Any]:
    """What a summary of scores tells beside their numbers."""
    bench, answers = scores.bench, scores.answers
    return {
        "bench": bench.title,
        "language": bench.language,
        "model": answers.model.name,
        "weights": weights_of(answers.model).id,
        "sampling": answers.sampled,
        "higher_is_better": bench.higher_is_better,
        "bottom": bench.low,
        "top": bench.top,
        "averaged": bench.averaged,
        "measured": measured(scores),
    }


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


def sampling(answers: Answers) -> str:
    """How the model was sampled, whichever model it is: `temperature 0, max_tokens 512`."""
    if not answers.sampled:
        return "not known"
    temperature = answers.sampled["temperature"]  # a list or a mapping where there are several
    return settings(answers.model, several="" if isinstance(temperature, float | int) else str(temperature))


def settings(model: Model, several: str = "") -> str:
    """The sampling settings that are not at their defaults, temperature and max_tokens always; `several` are the
    temperatures where they are not the model's."""
    plain, always = Model(name=""), ("temperature", "max_tokens")
    names = ("temperature", "top_p", "min_p", "max_tokens", "seed", "generation")
    shown = {n: x for n in names if (x := getattr(model, n)) != getattr(plain, n) or n in always}
    texts = {name: f"{value:g}" for name, value in shown.items()} | ({"temperature": several} if several else {})
    return ", ".join(f"{name} {text}" for name, text in texts.items())
