"""The textbook's grader as a judge: reads a judge's prompt, answers with reasons and a verdict as it asks for.

It is a stand-in for a language model, made of rules: it knows the tasks of the textbook and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from komainu.data.textbook.grading import LENIENT, STRICT, Manner, grade
from komainu.errors import UsageError
from komainu.rows import Message
from komainu.spec import Spec

_CODE = re.compile(r"<verdict-([0-9a-f]+)>")
_WIDE = {ord(c): ord(c) + 0xFEE0 for c in "12345ABEIT"}


@dataclass(frozen=True, kw_only=True)
class Grader(Spec):
    """How a grader marks, and how careless it is.

    One in `slips` of its first replies has no verdict that can be read, and one in `fails` of the conversations never
    gets a mark. Of two translations that are equally good it prefers the first shown in one of `leans` texts. 0: none.
    All depend on the question alone, so that the same verdicts are missing for every model.
    """

    manner: Manner
    slips: int = 0
    fails: int = 0
    leans: int = 0


GRADERS = {
    "stand-in grader (rules, strict)": Grader(manner=STRICT),
    "stand-in grader (rules, lenient)": Grader(manner=LENIENT, slips=20, fails=400, leans=7),
}


def judge(messages: Sequence[Message], grader: Grader) -> str:
    """The grader's reply to a judge's prompt, or to one more turn that asks for the verdict alone.

    It marks an answer to a conversation, or compares two translations of a text. Raises UsageError when the prompt
    shows neither between tags that carry its code.
    """
    code = code_of(messages)
    shown = sections(messages[0].content, code)
    asked = tuple(Message(name, text) for name, text in shown if name in ("user", "assistant"))
    one = {name: text for name, text in shown if name not in ("user", "assistant")}
    if asked and "answer" in one:
        mark, why = grade(asked, one["answer"], grader.manner)
        if grader.fails and drawn(asked) % grader.fails == 0:
            return f"{why}\nMark: {mark}/5"
        verdict = str(mark)
    elif one.keys() >= {"source", "translation-a", "translation-b"}:
        asked = translating(one["source"])
        verdict, why = compared(asked, one["translation-a"], one["translation-b"], grader)
    else:
        raise UsageError(
            f"the prompt shows no answer to a conversation and no two translations with the code {code}; show one"
        )
    return written(asked, verdict, why, code, grader, again=len(messages) > 1)


def compared(asked: tuple[Message, ...], a: str, b: str, grader: Grader) -> tuple[str, str]:
    """A, B or TIE, and why."""
    first, second = grade(asked, a, grader.manner), grade(asked, b, grader.manner)
    why = f"A: {first.why}\nB: {second.why}"
    if first.mark != second.mark:
        return "A" if first.mark > second.mark else "B", why
    return "A" if grader.leans and drawn(asked) % grader.leans == 0 else "TIE", why


def translating(source: str) -> tuple[Message, ...]:
    """A question that a task reads: the translation of the text into the other language."""
    return (Message("user", f"Translate into {'Japanese' if source.isascii() else 'English'}.\n{source}"),)


def written(asked: tuple[Message, ...], verdict: str, why: str, code: str, grader: Grader, again: bool) -> str:
    """The reply: the reason and the verdict, when asked again the verdict alone; with the grader's slips."""
    number, whole = drawn(asked), f"<verdict-{code}>{verdict}</verdict-{code}>"
    if again:
        return whole
    return f"{why}\n{slipped(whole, verdict, number) if grader.slips and number % grader.slips == 0 else whole}"


def code_of(messages: Sequence[Message]) -> str:
    """The code of the verdict's marks. The prompt ends with them, so what an answer holds of that kind comes before."""
    found = _CODE.findall(messages[-1].content) if messages else []
    if not found:
        raise UsageError("the prompt must end by asking for a verdict between <verdict-CODE> and </verdict-CODE>")
    return str(found[-1])


def sections(text: str, code: str) -> list[tuple[Any, str]]:
    """What stands between tags with the code, by the tags' names, in order."""
    return re.findall(rf"<([a-z-]+)-{code}>\n(.*?)\n</\1-{code}>", text, re.S)


def drawn(asked: tuple[Message, ...]) -> int:
    """A number of the conversation alone."""
    text = "\0".join(turn.content for turn in asked)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def slipped(whole: str, verdict: str, number: int) -> str:
    """A verdict as judges sometimes write it: without marks, twice, as a share, in wide letters, off the scale."""
    ways = (
        f"Verdict: {verdict}",
        f"{whole}\n{whole}",
        whole.replace(f">{verdict}<", f">{verdict}/5<"),
        whole.replace(f">{verdict}<", f">{verdict.translate(_WIDE)}<"),
        whole.replace(f">{verdict}<", f">{verdict}0<"),
    )
    return ways[number // 7 % len(ways)]
