"""A board with rules and judges, in whose every text somebody tries to break out of the page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.board import Board, Entry
from komainu.eval.judge.base import Judged
from komainu.eval.judge.panel import panel
from komainu.eval.view.boards import gather
from komainu.eval.view.site import Counts, write_site
from komainu.files import write_rows
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message
from komainu.stage import Stage
from tests.eval.world import context

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(3)>',
    "' onmouseover='alert(4)' x='",
    "javascript:alert(5)",
    '<a href="javascript:alert(6)" target=_blank>click</a>',
    "<iframe srcdoc='<script>alert(7)</script>'></iframe>",
    "<svg/onload=alert(8)>",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "&lt;b&gt; &amp;amp; &#60;script&#62; &copy",
    "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "line\u2028separator\u2029paragraph",
    "safe\u202egpj.exe\u202c and \u2066isolated\u2069 \u200fright",
    "z\u0351\u036b\u0343a\u0346l\u030d\u030eg\u0305o\u0332\u0353" + "\u0300" * 300,
    "bell\u0007 escape\u001b[31m null\u0000 c1\u009b",
    "`+alert(9)+`",
    '");alert(10);komainu("board",1);//',
    "\\u003cscript\\u003e \\x3c \\",
    "__proto__ constructor toString",
    "]]> <![CDATA[ x ]]>",
    "w" * 300,
    "家\U000e0100 👩‍👩‍👧‍👦 \ufeff",
)
HUGE = "寿限無寿限無五劫の擦り切れ。" * 20_000
BEHIND = "駅はstationです。"  # has a leak
JUDGES = (Model(name="strict " + HOSTILE[0]), Model(name="kind"), Model(name="mute"))
NAMES = ("base", "better " + HOSTILE[3], "worse {{ 7 * 7 }}")


@dataclass(frozen=True, kw_only=True)
class Asked(Stage):
    """n items, Japanese and English in turn, each with a hostile id, question, reference, rubric and group."""

    makes: ClassVar[type] = Chat
    n: int = 48

    def rows(self) -> Iterator[Chat]:
        for i in range(self.n):
            bad = HOSTILE[i % len(HOSTILE)]
            lang = "ja" if i % 2 == 0 else "en"
            meta = {"lang": lang, "references": [f"{i} {bad}"], "rubric": bad, "task": bad, bad: [bad, {bad: bad}]}
            yield Chat(f"{i} {bad}", (Message("system", bad), Message("user", f"number {i} {bad}")), meta)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}


@dataclass(frozen=True, kw_only=True)
class Marks(Judged):
    """Marks from 1 to 5."""

    name: ClassVar[str] = "marks"
    template: ClassVar[str] = "judge/verdict.en.jinja"
    again: ClassVar[str] = "judge/again.en.jinja"
    top: ClassVar[float] = 5.0

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("lang") == self.language

    def asked(self, chat: Chat, mark: str) -> Any:
        ask = super().asked(chat, mark)
        return ask._replace(messages=(Message("user", f"{chat.reply}\n{ask.messages[0].content}"),))


def say(model: Model, text: str, sample: int) -> str | Reply:
    """Answers and reasons are hostile; marks differ by judge and by the answer's hash; one judge gives none."""
    if model in JUDGES:
        mark = text.split("<verdict-")[1].partition(">")[0]
        number = 1 + int(hashlib.sha256((model.name + text).encode()).hexdigest(), 16) % 5
        reason = f"I, {model.name}, think: {HOSTILE[number]} {text[:80]}"
        return "no mark" if model == JUDGES[2] else f"{reason}\n<verdict-{mark}>{number}</verdict-{mark}>"
    number = int(text.split()[1])
    bad = HOSTILE[(number + len(model.name)) % len(HOSTILE)]
    if number == 4:
        return ""
    if number == 6:
        return HUGE
    if number == 7:
        return Reply(f"short {bad}", "length", thinking=f"let me think {bad}")
    right = f"{number} {HOSTILE[number % len(HOSTILE)]}"
    return right if model.name == NAMES[1] and number % 3 == 0 else f"{BEHIND} {number} {bad}"


def board(n: int = 48) -> Board:
    entries = []
    for name in NAMES:
        answers = Answers(model=Model(name=name), items=Asked(n=n))
        rules = [bench(language=lang) for lang in ("ja", "en") for bench in (ExactMatch, LeakageRate)]
        scores = [Scores(answers=answers, bench=bench) for bench in rules]
        entries.append(Entry(name=name, scores=(*scores, panel(answers, Marks(language="ja"), JUDGES))))
    return Board(entries=tuple(entries))


def built(root: Path, n: int = 48, title: str = "every text is hostile") -> tuple[Path, Counts]:
    """A site of the board; its folder."""
    ctx = context(root / "store", say)
    artifact = ctx.store.build(board(n), ctx)
    return root / "site", write_site(gather(ctx.store, [artifact]), ctx.store, title, root / "site")
