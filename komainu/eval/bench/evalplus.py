"""EvalPlus (Liu et al. 2023, arXiv 2305.01210): HumanEval+ and MBPP+, 542 programs, run in the sandbox."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar

from komainu.errors import UsageError
from komainu.eval.base import Lang
from komainu.eval.bench.programs.extract import program
from komainu.eval.bench.programs.judge import Truth, Verdict, truths, verdicts
from komainu.eval.bench.programs.problems import FILES, Problem, read_problems
from komainu.eval.items import Items, Published, Source
from komainu.eval.stats.passk import pass_at_k
from komainu.rows import Chat, Message, Score

LICENCE = {"humaneval": "MIT, plus inputs Apache-2.0", "mbpp": "CC-BY-4.0, plus inputs Apache-2.0"}
ASK = """Solve this problem in Python. Answer with one code block that holds the whole program: the function \
`{entry}`, whatever it needs, and every import.

```python
{prompt}
```"""
LOCAL = f"give Source(path=...), a folder with {' and '.join(FILES)} as EvalPlus releases them on GitHub"
KS = (1, 5, 10, 100)
_truths: dict[Problem, Truth] = {}
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class EvalPlusItems(Items):
    """The problems of HumanEval+ v0.1.10 and MBPP+ v0.2.0 as prompts; row ids are the task ids, as HumanEval/0.

    `source` is a folder with HumanEvalPlus.jsonl and MbppPlus.jsonl (or .jsonl.gz), as EvalPlus releases them on
    GitHub, or one of the two files. The sets of the Hugging Face hub have another schema, without inputs.
    """

    source: Source

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.source.repo:
            yield f"EvalPlusItems.source is {self.source.repo} of the hub, whose schema has no inputs; {LOCAL}"

    def read(self) -> Iterator[Chat]:
        for task, problem in problems(self.source).items():
            meta = {"bench": EvalPlus.name, "lang": "en", "set": problem.set, "entry": problem.entry}
            origin = {"source": f"evalplus/{problem.set}plus_release", "licence": LICENCE[problem.set]}
            text = ASK.format(entry=problem.entry, prompt=problem.prompt.strip())
            yield Chat(task, (Message("user", text),), meta | origin)


@dataclass(frozen=True, kw_only=True)
class EvalPlus(Published):
    """Share of programs that are right on the original inputs (`base`), and on these and EvalPlus' own (`plus`).

    `source` as for EvalPlusItems. With several answers an item the mean is pass@1, without bias; pass@k is in the
    summary, by set and as the mean of both sets. Limits are in CPU time, by what the canonical program takes here.
    Raises NoSandbox where programs cannot be cut off from this machine. docs/evalplus.md has the rules.
    """

    name: ClassVar[str] = "evalplus"
    metrics: ClassVar[tuple[str, ...]] = ("plus", "base")
    language: Lang = "en"
    source: Source

    def score(self, chat: Chat) -> list[Score]:
        (found,) = self.scores([chat])
        return found

    def scores(self, chats: Sequence[Chat]) -> Iterator[list[Score]]:
        """The scores of many answers in their order, as many at a time as there are processors."""
        for chat, found in zip(chats, self.judged(chats), strict=True):
            if found.lost:
                yield [Score(chat.id, metric, None, why=f"missing: {found.why}") for metric in self.metrics]
            else:
                base = Score(chat.id, "base", float(found.base), why="" if found.base else found.why)
                yield [Score(chat.id, "plus", float(found.plus), why=found.why), base]

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("set", ""))

    def told(self, chat: Chat, scores: Sequence[Score]) -> dict[str, Any]:
        """base and plus, and pass, which is plus; `why` not. None: missing."""
        found = {s.metric: None if s.value is None else s.value == self.top for s in scores}
        return {**found, "pass": found["plus"], "why": next((s.why for s in scores if s.why), "")}

    def judged(self, chats: Sequence[Chat]) -> Iterator[Verdict]:
        """The verdict on each answer, in order."""
        known = problems(self.source)
        unknown = [chat.id for chat in chats if chat.id not in known]
        if unknown:
            raise UsageError(f"row {unknown[0]!r} is no task of {self.source.path}; ids are as HumanEval/0 and Mbpp/2")
        asked = [known[chat.id] for chat in chats]
        codes = [program(c.reply, p.entry, p.prompt) for c, p in zip(chats, asked, strict=True)]
        return verdicts([(p, t, code) for p, t, code in zip(asked, truth_of(asked), codes, strict=True)])

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        """pass@k for k up to the number of answers, by set, and as the mean of the sets where both are there."""
        sets = {chat.id: self.group(chat) for chat in chats}
        found: dict[str, dict[str, float]] = {}
        for name in sorted(set(sets.values())):
            mine = [score for score in scores if sets[score.id] == name]
            found[name] = {metric: rate for m in reversed(self.metrics) for metric, rate in rates(mine, m).items()}
        if len(found) > 1:
            shared = set.intersection(*(set(each) for each in found.values()))
            found["mean"] = {key: fmean(each[key] for each in found.values()) for key in sorted(shared)}
        return {name: {key: round(rate, 6) for key, rate in each.items()} for name, each in found.items()}

    def own(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """The mean of both sets, each counting alike; it is whole when both are there."""
        from komainu.eval.stats.combined import mean_of_means

        absent = [name for name in LICENCE if name not in summary["by"]]
        return mean_of_means([*summary["by"].values()], lacking=f"without {', '.join(absent)}" if absent else "")


def rates(scores: Sequence[Score], metric: str) -> dict[str, float]:
    """`metric@k` to the mean over items of pass@k; answers without a verdict are left out of their item."""
    by_item: defaultdict[str, list[float]] = defaultdict(list)
    for score in scores:
        if score.metric == metric and score.value is not None:
            by_item[score.id].append(score.value)
    fewest = min(map(len, by_item.values()), default=0)
    return {
        f"{metric}@{k}": fmean(pass_at_k(len(v), int(sum(v)), k) for v in by_item.values()) for k in KS if k <= fewest
    }


def truth_of(asked: Sequence[Problem]) -> list[Truth]:
    """The truth of each problem; found out once in a process."""
    with _one_at_a_time:
        new = [*dict.fromkeys(problem for problem in asked if problem not in _truths)]
        _truths.update(zip(new, truths(new), strict=True))
    return [_truths[problem] for problem in asked]


def problems(source: Source) -> dict[str, Problem]:
    """Task id to problem. Raises UsageError where there are none, or one stands twice."""
    if not source.path:
        raise UsageError(f"EvalPlus needs a local path; {LOCAL}")
    return _problems(source.path, source.sha256)


@cache
def _problems(path: str, sha256: str) -> dict[str, Problem]:
    at = Path(path)
    files = [at] if at.is_file() else [f for name in FILES for f in (at / name, at / f"{name}.gz") if f.is_file()]
    if not files:
        raise UsageError(f"{at}: none of {', '.join(FILES)} (or .gz) is here; EvalPlus releases them on GitHub")
    found: dict[str, Problem] = {}
    for file in files:
        for problem in read_problems(file):
            if problem.id in found:
                raise UsageError(f"{file}: {problem.id} is there twice; keep one file of each set")
            found[problem.id] = problem
    return found
