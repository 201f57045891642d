"""`komainu data check`: what a file of chats or pairs holds, and what is wrong with it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.cli_verbs import Outcome
from komainu.data.check.lookers import Answers, Contamination, Looker, Problem, Repeats, items
from komainu.data.check.reading import Line, located, read
from komainu.data.check.survey import AGAIN, SCHEMA, Survey, drawn, shown
from komainu.errors import GateFailed, UsageError, nearest
from komainu.files import whole
from komainu.layouts import layout_named
from komainu.rows import Pair

if TYPE_CHECKING:
    from komainu.cli_data import Check
    from komainu.train.render import Tokens

RENDERED = ("template", "too_long")
NEEDS = {"contamination": "--against", "template": "--tokenizer", "too_long": "--tokenizer and --context"}
MASKS = 3  # rows that are shown rendered, drawn by row id


class Rendering:
    """Renders every row with a tokenizer's chat template and masks it, as training would; counts tokens.

    `masks` are a few of them as text, with what of it is trained.
    """

    def __init__(self, directory: Path, context: int, survey: Survey) -> None:
        from komainu.models.folder import load_tokenizer
        from komainu.train.render import check_tokenizer

        if not directory.is_dir():
            raise UsageError(f"{directory}: there is no such folder; --tokenizer takes a model directory")
        self.tokenizer, self.context, self.survey = load_tokenizer(directory), context, survey
        check_tokenizer(self.tokenizer, str(directory))
        self.masks: list[tuple[bytes, dict[str, Any]]] = []
        self.no_system = ""  # what is wrong with rows that have a system turn
        try:
            check_tokenizer(self.tokenizer, str(directory), system=True)
        except UsageError as error:
            self.no_system = str(error)

    def __call__(self, lines: Sequence[Line]) -> Iterator[Problem]:
        for line in lines:
            if wrong := self.problem(line):
                yield Problem(line, *wrong)

    def problem(self, line: Line) -> tuple[str, str] | None:
        from komainu.train.render import chats_to_tokens, pair_to_chats

        row = line.row
        assert row is not None, "only rows are looked at"
        if not isinstance(row, Pair) and not any(m.role == "assistant" for m in row.messages):
            return None  # a prompt: there is nothing to train on
        if self.no_system and row.prompt and row.prompt[0].role == "system":
            return "template", self.no_system
        chats = pair_to_chats(row) if isinstance(row, Pair) else (row,)
        try:
            documents = [*chats_to_tokens(self.tokenizer, chats, last_only=isinstance(row, Pair))]
        except UsageError as error:
            return "template", str(error)
        self.keep(line, documents)
        longest = max(len(d.ids) for d in documents)
        self.survey.measure("tokens", longest)
        self.survey.measure("tokens trained", sum(d.targets for d in documents))
        if not all(d.targets for d in documents):
            return "template", "no token of it is trained"
        if self.context and longest > self.context:
            return "too_long", f"{longest} tokens, the context holds {self.context}"
        return None

    def keep(self, line: Line, documents: Sequence[Tokens]) -> None:
        """Take a rendered row among those that are shown, if it is drawn before one of them."""
        from komainu.train.dpo import DPO
        from komainu.train.sft import SFT
        from komainu.train.shown import document

        draw = drawn("mask", line)
        if len(self.masks) == MASKS and draw >= self.masks[-1][0]:
            return
        names = (SFT if len(documents) == 1 else DPO).names
        told = [document(self.tokenizer, *each) for each in zip(names, documents, strict=True)]
        texts = [{**d._asdict(), "runs": [[shown(run.text), run.trained] for run in d.runs]} for d in told]
        insort(self.masks, (draw, {"at": line.at, "id": shown(line.id), "documents": texts}), key=itemgetter(0))
        del self.masks[MASKS:]


def check(wish: Check) -> Outcome:
    """Look at a whole file; exit code 3 when a gate fails."""
    if wish.layout:
        layout_named(wish.layout)
    if wish.context and not wish.tokenizer:
        raise UsageError("--context counts tokens; give --tokenizer too")
    survey, said, rendering = Survey(), Answers(wish.lang), None
    lookers: list[Looker] = [said, Repeats()]
    names = [SCHEMA, AGAIN, *said.names, *Repeats.names]
    if wish.against:
        lookers.append(
            Contamination(item for place in wish.against for path in located(place)[0] for item in items(path))
        )
        names += Contamination.names
    if wish.tokenizer:
        lookers.append(rendering := Rendering(wish.tokenizer, wish.context, survey))
        names += RENDERED if wish.context else RENDERED[:1]
    limits = [gate(text, names) for text in wish.gate or ()]
    survey.look(read(wish.file, wish.layout), lookers)
    if not survey.total:
        raise UsageError(f"{wish.file}: the file is empty, or this part of it; give a file that holds chats or pairs")
    survey.counts |= {"language": said.languages, "register": said.registers}
    gates = [{"name": n, "limit": limit, "share": (s := survey.share(n)), "ok": s <= limit} for n, limit in limits]
    found = {
        "file": wish.file,
        **survey.json(names),
        "masks": [each for _, each in rendering.masks] if rendering else [],
        "gates": gates,
        "page": str(wish.page) if wish.page else None,
    }
    if wish.page:
        from komainu.data.check.page import page

        with whole(wish.page) as handle:
            handle.write(page(Path(wish.file).name, survey, found).encode("utf-8", "replace"))
    return Outcome(found, lines(found), 0 if all(g["ok"] for g in gates) else GateFailed.code)


def gate(text: str, names: Sequence[str]) -> tuple[str, float]:
    """NAME=SHARE: a problem that is looked for, and the largest share of rows that may have it."""
    name, _, share = text.partition("=")
    if name not in names:
        if option := NEEDS.get(name):
            raise UsageError(f"--gate {text}: {name} is looked for only with {option}; give it too")
        raise UsageError(f"--gate {text}: {name!r} is no problem that is looked for here{nearest(name, names)}")
    try:
        limit = float(share)
    except ValueError:
        limit = -1.0
    if not 0 <= limit <= 1:
        raise UsageError(f"--gate {text}: expected {name}=SHARE, a number from 0 to 1")
    return name, limit


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    kinds = ", ".join(f"{n} {kind}" for kind, n in found["rows"].items())
    yield f"{found['file']}: {found['objects']} objects: {kinds}"
    for what, counts in found["counts"].items():
        yield f"{what:<14} {', '.join(f'{n} {kind}' for kind, n in [*counts.items()][:8])}"
    for what, q in found["lengths"].items():
        yield f"{what}: {q['0']} to {q['100']}, half up to {q['50']}, 99 % up to {q['99']}, {q['sum']} in all"
    for name, problem in found["problems"].items():
        yield f"{name:<14} {problem['rows']:>7}  {100 * problem['share']:.2f} %"
        for sample in problem["samples"][:2]:
            yield f"  {sample['at']}: row {sample['id'] or '?'}: {' '.join(sample['what'].split())[:160]}"
    for each in found["gates"]:
        word = "holds" if each["ok"] else "FAILS"
        yield f"gate {each['name']}: {each['share']:.4f}, at most {each['limit']:g}: {word}"
    if found["page"]:
        yield f"page {found['page']}"
