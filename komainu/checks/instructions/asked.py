"""What a row asks: its instructions in meta, and whether an answer follows them."""

from __future__ import annotations

from collections.abc import Mapping

from komainu.checks.instructions.base import Check, Instruction, problem, verdicts
from komainu.checks.text import visible
from komainu.errors import UsageError
from komainu.rows import Chat

Checks = Mapping[str, Check]


def asked_of(chat: Chat, checks: Checks) -> list[Instruction]:
    """The instructions of an item; UsageError with the row's id for what has no check."""
    found = chat.meta.get("instructions")
    if not isinstance(found, (list, tuple)) or not found or not all(map(is_instruction, found)):
        raise UsageError(f"row {chat.id!r}: meta.instructions must be a list of {{id, kwargs}}, not {found!r}")
    asked = [Instruction(each["id"], each["kwargs"]) for each in found]
    for instruction in asked:
        if wrong := problem(checks, instruction):
            raise UsageError(f"row {chat.id!r}: {wrong}")
    return asked


def is_instruction(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and value.keys() == {"id", "kwargs"}
        and isinstance(value["id"], str)
        and isinstance(value["kwargs"], Mapping)
    )


def judge(chat: Chat, checks: Checks) -> dict[str, list[bool]]:
    """`strict` and `loose` verdicts of an answer, one an instruction, in the item's order; thinking is left out."""
    return verdicts(checks, visible(chat.reply), asked_of(chat, checks))
