"""The textbook's grader as a judge: reads a judge's prompt, answers with reasons and a verdict as it asks for.

It is a stand-in for a language model, made of rules: it knows the tasks of the textbook and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from komainu.data.textbook.grading import LENIENT, STRICT, Manner, grade
from komainu.errors import UsageError
from komainu.rows import Message, Role
from komainu.spec import Spec

_CODE = re.compile(r"<verdict-([0-9a-f]+)>")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, kw_only=True)
class Grader(Spec):
    """How a grader marks, and how careless it writes: one in `slips` of its first replies has no verdict that can be
    read, and one in `fails` of the questions never gets one. 0: none. Both depend on the question alone, so that all
    models' answers lack the same verdicts."""

    manner: Manner
    slips: int = 0
    fails: int = 0


GRADERS = {
    "stand-in grader (rules, strict)": Grader(manner=STRICT),
    "stand-in grader (rules, lenient)": Grader(manner=LENIENT, slips=20, fails=400),
}


def judge(messages: Sequence[Message], grader: Grader) -> str:
    """The grader's reply to a judge's prompt, or to one more turn that asks for the verdict alone.

    Raises UsageError when the prompt has no code, conversation or answer between tags of that code.
    """
    code = code_of(messages)
    asked = tuple(Message(role, text) for role, text in sections(messages[0].content, code, ("user", "assistant")))
    answers = [text for _, text in sections(messages[0].content, code, ("answer",))]
    if not asked or len(answers) != 1:
        raise UsageError(f"the prompt must show a conversation and one answer between tags with the code {code}")
    mark, why = grade(asked, answers[0], grader.manner)
    number = drawn(asked)
    if grader.fails and number % grader.fails == 0:
        return f"{why}\nMark: {mark}/5"
    if len(messages) > 1:
        return written(mark, code)
    slip = grader.slips and number % grader.slips == 0
    return f"{why}\n{slipped(mark, code, number // grader.slips) if slip else written(mark, code)}"


def code_of(messages: Sequence[Message]) -> str:
    """The code of the verdict's marks. The prompt ends with them, so what an answer holds of that kind comes before."""
    found = _CODE.findall(messages[-1].content) if messages else []
    if not found:
        raise UsageError("the prompt must end by asking for a verdict between <verdict-CODE> and </verdict-CODE>")
    return str(found[-1])


def sections(text: str, code: str, names: Sequence[Role | str]) -> list[tuple[Role, str]]:
    """The named sections between tags with the code, in their order."""
    pattern = rf"<({'|'.join(names)})-{code}>\n(.*?)\n</\1-{code}>"
    return re.findall(pattern, text, re.S)


def drawn(asked: tuple[Message, ...]) -> int:
    """A number of the conversation alone."""
    text = "\0".join(turn.content for turn in asked)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def written(mark: int, code: str) -> str:
    return f"<verdict-{code}>{mark}</verdict-{code}>"


def slipped(mark: int, code: str, which: int) -> str:
    """A verdict as judges sometimes write it: left out, twice, as a share, in wide digits, off the scale."""
    once = written(mark, code)
    ways = (f"Mark: {mark}", f"{once}\n{once}", once.replace(f">{mark}<", f">{mark}/5<"))
    wide, off = once.replace(f">{mark}<", f">{str(mark).translate(_WIDE)}<"), once.replace(f">{mark}<", f">{mark}0<")
    return (*ways, wide, off)[which % 5]
