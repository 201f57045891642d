"""The layouts that hold preference pairs."""

from __future__ import annotations

from typing import Any, ClassVar

from komainu.errors import UsageError
from komainu.rows import Message, Pair
from komainu.turns import Layout, Object, Parts, exactly, kind, read_message, read_messages, text_at, write_message


def answer(message: Message, at: str) -> Message:
    """The message, which must be the assistant's."""
    if message.role != "assistant":
        raise UsageError(f"{at} is of role {message.role}; an answer must be the assistant's")
    return message


def told(pair: Pair, name: str) -> Message:
    """The chosen or the rejected answer, with what its message carried in the file it came from."""
    text: str = getattr(pair, name)
    return Message("assistant", text, pair.meta.get("shape", {}).get(name, {}))


class TurnsPair(Layout):
    """`conversations` up to the last question, `chosen` and `rejected` one message each (LLaMA-Factory)."""

    holds: ClassVar[type] = Pair

    def read(self, obj: Object) -> Parts:
        messages = read_messages(obj, self.key, self.keys)
        chosen, rejected = (answer(read_message(obj.get(k), self.keys, k), k) for k in ("chosen", "rejected"))
        return Parts(messages, (self.key, "chosen", "rejected"), (chosen, rejected))

    def write(self, row: Any, shape: Object) -> Object:
        pair = exactly(row, Pair)
        answers = {k: write_message(told(pair, k), self.keys) for k in ("chosen", "rejected")}
        return {self.key: [write_message(m, self.keys) for m in pair.prompt], **answers}


class Explicit(Layout):
    """`prompt`, `chosen` and `rejected` are lists of messages, the answers of one message each (TRL)."""

    holds: ClassVar[type] = Pair

    def read(self, obj: Object) -> Parts:
        messages = read_messages(obj, self.key, self.keys)
        chosen, rejected = (self.only(read_messages(obj, k, self.keys), k) for k in ("chosen", "rejected"))
        return Parts(messages, (self.key, "chosen", "rejected"), (chosen, rejected))

    def only(self, messages: tuple[Message, ...], key: str) -> Message:
        if len(messages) != 1:
            raise UsageError(f"{key} holds {len(messages)} messages; expected one, the answer")
        return answer(messages[0], f"{key}[0]")

    def write(self, row: Any, shape: Object) -> Object:
        pair = exactly(row, Pair)
        answers = {k: [write_message(told(pair, k), self.keys)] for k in ("chosen", "rejected")}
        return {self.key: [write_message(m, self.keys) for m in pair.prompt], **answers}


class Plain(Layout):
    """`prompt`, `chosen` and `rejected` are strings (TRL's standard format); the prompt is one user turn."""

    holds: ClassVar[type] = Pair

    def read(self, obj: Object) -> Parts:
        prompt, chosen, rejected = (text_at(obj, k) for k in ("prompt", "chosen", "rejected"))
        answers = (Message("assistant", chosen), Message("assistant", rejected))
        return Parts((Message("user", prompt),), ("prompt", "chosen", "rejected"), answers)

    def write(self, row: Any, shape: Object) -> Object:
        pair = exactly(row, Pair)
        if [m.role for m in pair.prompt] != ["user"]:
            raise UsageError(f"row {pair.id}: layout {self.name} holds one user turn; layout trl holds any")
        texts = {k: self.plain(pair.id, told(pair, k)) for k in ("chosen", "rejected")}
        return {"prompt": self.plain(pair.id, pair.prompt[0]), **texts}


class Whole(Layout):
    """`chosen` and `rejected` are whole conversations that differ in the last message only.

    With `key` set there is also the prompt as a string, as in UltraFeedback; else the prompt is
    implicit, as in TRL.
    """

    holds: ClassVar[type] = Pair

    def read(self, obj: Object) -> Parts:
        chosen, rejected = (read_messages(obj, k + self.suffix, self.keys) for k in ("chosen", "rejected"))
        for key, messages in (("chosen", chosen), ("rejected", rejected)):
            if len(messages) < 2:
                raise UsageError(
                    f"{key}{self.suffix} holds {len(messages)} messages; "
                    "expected the whole conversation, question and answer"
                )
        if chosen[:-1] != rejected[:-1]:
            apart = next((i for i, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b), 0)
            raise UsageError(
                f"chosen{self.suffix} and rejected{self.suffix} must be equal but for their last message; they have "
                f"{len(chosen)} and {len(rejected)} messages and differ at [{apart}]"
            )
        answers = (
            answer(chosen[-1], f"chosen{self.suffix}[{len(chosen) - 1}]"),
            answer(rejected[-1], f"rejected{self.suffix}[{len(rejected) - 1}]"),
        )
        used = (f"chosen{self.suffix}", f"rejected{self.suffix}")
        if not self.key:
            return Parts(chosen[:-1], used, answers)
        prompt = text_at(obj, self.key)
        shape = {} if prompt == last_question(chosen[:-1]) else {"prompt": prompt}
        return Parts(chosen[:-1], (*used, self.key), answers, shape)

    def write(self, row: Any, shape: Object) -> Object:
        pair = exactly(row, Pair)
        if not pair.prompt:
            raise UsageError(f"row {pair.id} has no prompt; layout {self.name} needs one")
        whole = {
            k + self.suffix: [write_message(m, self.keys) for m in (*pair.prompt, told(pair, k))]
            for k in ("chosen", "rejected")
        }
        return {self.key: shape.get("prompt", last_question(pair.prompt)), **whole} if self.key else whole


def last_question(messages: tuple[Message, ...]) -> str:
    return next((m.content for m in reversed(messages) if m.role == "user"), "")


class AlpacaPair(Layout):
    """`instruction` and `input` (joined by a line end), `chosen`, `rejected`; `system` and `history` where given."""

    holds: ClassVar[type] = Pair
    answers: ClassVar[tuple[str, ...]] = ("chosen", "rejected")

    def read(self, obj: Object) -> Parts:
        answers = tuple(Message("assistant", text_at(obj, k)) for k in self.answers)
        question = text_at(obj, "instruction")
        used = ["instruction", *self.answers]
        shape: Object = {}
        if obj.get("input"):
            shape["input"] = len(text_at(obj, "input"))
            question += "\n" + obj["input"]
        elif obj.get("input") != "":
            shape["input"] = "absent"
        if "input" not in obj or isinstance(obj["input"], str):
            used.append("input")
        messages = [Message("user", question)]
        if isinstance(obj.get("history"), list) and obj["history"]:
            messages = [*self.past(obj["history"]), *messages]
            used.append("history")
        if isinstance(obj.get("system"), str) and obj["system"]:
            messages = [Message("system", obj["system"]), *messages]
            used.append("system")
        return Parts(tuple(messages), tuple(used), answers, shape)

    def past(self, history: list[Any]) -> list[Message]:
        messages = []
        for i, turn in enumerate(history):
            if not isinstance(turn, list) or len(turn) != 2 or not all(isinstance(t, str) for t in turn):
                raise UsageError(f"history[{i}] is {kind(turn)}; expected an array of two strings, question and answer")
            messages += [Message("user", turn[0]), Message("assistant", turn[1])]
        return messages

    def write(self, row: Any, shape: Object) -> Object:
        pair = exactly(row, Pair)
        texts = {k: self.plain(pair.id, told(pair, k)) for k in ("chosen", "rejected")}
        return self.spell(pair.id, pair.prompt, shape) | texts

    def spell(self, id: str, prompt: tuple[Message, ...], shape: Object) -> Object:
        """The keys that hold the question and what came before it."""
        value: Object = {}
        turns = list(prompt)
        if turns and turns[0].role == "system":
            value["system"] = self.plain(id, turns.pop(0))
        if not all(m.role == ("user", "assistant")[i % 2] for i, m in enumerate(turns)) or len(turns) % 2 == 0:
            raise UsageError(
                f"row {id}: layout {self.name} holds user and assistant turns, a user turn last"
                "; choose another layout, or leave the row out"
            )
        texts = [self.plain(id, m) for m in turns]
        if len(texts) > 1:
            value["history"] = [texts[i : i + 2] for i in range(0, len(texts) - 1, 2)]
        question, size = texts[-1], shape.get("input")
        if isinstance(size, int) and question[len(question) - size - 1 : len(question) - size] == "\n":
            return value | {"instruction": question[: -size - 1], "input": question[-size:]}
        return value | {"instruction": question} | ({} if size == "absent" else {"input": ""})
