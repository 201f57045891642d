"""Every row looked at before the first step: what cannot be trained on is named by its row id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from komainu.errors import UsageError
from komainu.rows import Chat, Pair, pair_problem, turns_problem
from komainu.train.base import Fit, Unit, Units, ids_of
from komainu.train.render import Tokens, refuse


def check_rows(tokenizer: Any, rows: Sequence[Chat] | Sequence[Pair]) -> None:
    """Refuse rows whose turns, answers or ids are wrong, or whose text holds a special token of the tokenizer."""
    special = {str(t) for t in tokenizer.added_tokens_decoder.values() if t.special} | {*tokenizer.all_special_tokens}
    bad = repeated(Counter(row.id for row in rows))
    for row in rows:
        if isinstance(row, Pair):
            wrong, said = pair_problem(row), [*(m.content for m in row.prompt), row.chosen, row.rejected]
        else:
            wrong, said = turns_problem(row.messages, ("assistant",)), [m.content for m in row.messages]
        if wrong:
            bad.append((row.id, wrong))
        if held := sorted(token for token in special if any(token in text for text in said)):
            bad.append((row.id, f"its text holds {' '.join(held)}, which would be read as the template's own"))
    refuse(bad, len(rows))


def repeated(times: Counter[str]) -> list[tuple[str, str]]:
    """Ids that several rows have."""
    return [(row, f"{n} rows have this id") for row, n in times.items() if n > 1]


def preflight(
    tokenizer: Any, context: int, units: Sequence[Unit], fit: Fit | None = None, names: Sequence[str] = ("",)
) -> None:
    """Refuse rendered rows that cannot be trained on as they are, and a fit that does not suit how many they are.

    `names` are those of a unit's documents.
    """
    looked: Iterable[Unit] = units
    if isinstance(units, Units):
        looked = (units[i] for i in units.suspects(context, tokenizer.bos_token_id, tokenizer.eos_token_id))
    refuse([(u.id, what) for u in looked for what in _problems(u, names, tokenizer, context)], len(units))
    if fit is not None:
        suits(fit, units)


def suits(fit: Fit, units: Sequence[Unit]) -> None:
    """Refuse a fit that does not suit how many units there are, or how long they are."""
    count, what = len(units), "rows"
    if fit.pack:
        from komainu.train.batches import Batches, sizes_of

        long = f"tokens, a pack holds {fit.pack}; nothing is cut off, leave it out, shorten it, or raise fit.pack"
        both = zip(ids_of(units), sizes_of(units), strict=True)
        refuse([(row, f"{size} {long}") for row, size in both if size > fit.pack], len(units))
        count, what = Batches(fit, units).count, f"packs of {fit.pack} tokens"
    steps = fit.total_steps(count)
    if count < fit.global_batch:
        raise UsageError(f"{count} {what} are fewer than global_batch={fit.global_batch}; lower it, or give more")
    if steps > 1 and fit.warm_steps(steps) >= steps:
        raise UsageError(f"fit.warmup={fit.warmup} takes all {steps} steps: the rate never gets past its warm-up")


def _problems(unit: Unit, names: Sequence[str], tokenizer: Any, context: int) -> Iterator[str]:
    for name, document in zip(names, unit.documents, strict=True):
        yield from (f"{name}: {what}" if name else what for what in _wrong(document, tokenizer, context))


def _wrong(document: Tokens, tokenizer: Any, context: int) -> Iterator[str]:
    """What is wrong with one document."""
    ids, bos, eos = document.ids, tokenizer.bos_token_id, tokenizer.eos_token_id
    if not document.targets:
        yield "no token of it is trained"
        return
    if len(ids) > context:
        prompt = document.trained.index(True)
        alone = f", its prompt alone is {prompt}" if prompt >= context else ""
        yield f"{len(ids)} tokens, the context holds {context}{alone}; nothing is cut off, leave it out or shorten it"
    if bos is not None and ids[:2] == [bos, bos]:
        yield f"it begins with {tokenizer.bos_token} twice; the chat template must write it once"
    last = ids[len(ids) - 1 - document.trained[::-1].index(True)]
    if last != eos:
        ends = tokenizer.convert_ids_to_tokens(last)
        yield f"its answer ends with {ends}, EOS is {tokenizer.eos_token}: set eos_token, or nothing stops the model"
