"""Asking a reward model for the mark of a conversation: what is sent to `/classify`, and what comes back.

The protocol is vLLM's for models of sequence classification with one class (`vllm serve DIR --runner pooling`), from
the versions on that take `messages` there; `use_activation` false asks for the bare logit. Source:
docs.vllm.ai/en/latest/models/pooling_models. Not covered: `/score`, which compares two texts, `/pooling`, whose shape
depends on the model, models with several outputs, SGLang's `/classify`, which takes no conversations. vLLM itself does
not serve ArmoRM (its issues 11306 and 14208): behind this protocol any program may.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from komainu.models.base import Question, Reply
from komainu.models.failures import Trouble, excerpt, message_in
from komainu.models.seeds import turns


class _Marked(msgspec.Struct):
    probs: list[float]


class _Classified(msgspec.Struct):
    data: list[_Marked] = []
    usage: dict[str, Any] | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Classified)


def reward_request(question: Question, served_as: str) -> bytes:
    """The JSON body that asks for the mark of a conversation which ends with an answer."""
    messages = [{"role": role, "content": content} for role, content in turns(question)]
    return msgspec.json.encode({"model": served_as, "messages": messages, "use_activation": False})


def read_mark(body: bytes) -> Reply:
    """The mark in a response body, as the text of a reply; raises Trouble when it is not just one finite number."""
    try:
        found = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Trouble(f"the answer is no classification: {error}: {excerpt(body)}") from None
    if found.error and not found.data:
        raise Trouble(f"the server reports: {message_in(body)}")
    marks = [mark for each in found.data for mark in each.probs]
    if len(marks) != 1 or not math.isfinite(marks[0]):
        raise Trouble(f"a reward model gives one number, this answer has {marks[:4]}", again=False)
    used = (found.usage or {}).get("prompt_tokens")
    return Reply(repr(marks[0]), prompt_tokens=used if isinstance(used, int) else 0)
