"""The task families of the textbook. Add one: write its file, name it in TASKS."""

from __future__ import annotations

from komainu.data.textbook.tasks.arithmetic import Arithmetic
from komainu.data.textbook.tasks.base import Item, Lang, Reading, Task, fold, folded
from komainu.data.textbook.tasks.bullets import Bullets
from komainu.data.textbook.tasks.constrained import constrained
from komainu.data.textbook.tasks.counting import Counting
from komainu.data.textbook.tasks.extract import Extract
from komainu.data.textbook.tasks.followup import Followup
from komainu.data.textbook.tasks.language import Language
from komainu.data.textbook.tasks.limits import Limits
from komainu.data.textbook.tasks.manner import asked_after, rewriting
from komainu.data.textbook.tasks.questions import Questions
from komainu.data.textbook.tasks.register import Plain, Polite
from komainu.data.textbook.tasks.repeat import Repeat
from komainu.data.textbook.tasks.roleplay import Roleplay
from komainu.data.textbook.tasks.translate import TranslateEn, TranslateJa
from komainu.rows import Message

__all__ = ["TASKS", "Item", "Lang", "Reading", "Task", "fold", "read", "understand"]

TASKS: tuple[Task, ...] = (
    TranslateJa(),
    TranslateEn(),
    Polite(),
    Plain(),
    Extract(),
    Bullets(),
    Limits(),
    Counting(),
    Arithmetic(),
    Repeat(),
    Language(),
    Roleplay(),
    Questions(),
    Followup(),
)


def understand(messages: tuple[Message, ...]) -> Reading | None:
    """How the first task that can reads the prompt, also with a request for a register or a form after it, or None when
    there is no such task."""
    if not messages:
        return None
    return posed(messages) or asked_after(messages, posed) or rewriting(messages) or constrained(messages, posed)


def posed(messages: tuple[Message, ...]) -> Reading | None:
    """How the first task that poses such a prompt reads it."""
    text = folded(messages)
    return next((reading for task in TASKS for reading in task.readings(messages, text)), None)


def read(messages: tuple[Message, ...]) -> Item | None:
    """The item of a prompt that some task can pose."""
    reading = understand(messages)
    return reading.item if reading else None
