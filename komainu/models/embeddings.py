"""The OpenAI protocol of embeddings: what is sent, what comes back, and a vector as text.

Source: platform.openai.com/docs/api-reference/embeddings. One text a request. A vector is kept at length 1, its numbers
as little-endian half floats in base64: 2.7 bytes a dimension, and a cosine is off by 0.001 at most. Not covered: a
number of dimensions other than the model's, instructions for queries (put them into the text).
"""

from __future__ import annotations

import base64
import math
import struct

import msgspec

from komainu.models.base import Question, Reply
from komainu.models.failures import Trouble, excerpt


class _Item(msgspec.Struct):
    embedding: list[float]


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0


class _Found(msgspec.Struct):
    data: list[_Item] = []
    usage: _Usage | None = None


_decoder = msgspec.json.Decoder(_Found)


def embedding_of(question: Question, served_as: str) -> bytes:
    """The JSON body that asks for the vector of the last message."""
    body = {"model": served_as, "input": question.messages[-1].content, "encoding_format": "float"}
    return msgspec.json.encode(body)


def read_vector(body: bytes) -> Reply:
    """The vector in a response body, as text; raises Trouble when there is none, or it has no direction."""
    try:
        found = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Trouble(f"the answer is no embedding: {error}: {excerpt(body)}") from None
    if len(found.data) != 1:
        raise Trouble(f"the answer has {len(found.data)} embeddings, not one: {excerpt(body)}")
    return Reply(written(found.data[0].embedding), prompt_tokens=found.usage.prompt_tokens if found.usage else 0)


def written(vector: list[float]) -> str:
    """A vector as text. Raises Trouble for one without a direction."""
    length = math.hypot(*vector)
    if not length:
        raise Trouble("the embedding is zero in every dimension")
    if not math.isfinite(length):
        raise Trouble("the embedding is too long to have a length")
    return base64.b64encode(struct.pack(f"<{len(vector)}e", *(x / length for x in vector))).decode()
