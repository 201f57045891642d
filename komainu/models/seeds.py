"""Where an answer's randomness and its cache key come from: what was asked, never when or beside what."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from komainu.models.base import Model, Question

_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode  # made once: this runs twice a call


def digest(value: Any) -> bytes:
    """SHA-256 of a value's JSON form."""
    return hashlib.sha256(_json(value).encode()).digest()


def turns(question: Question) -> list[list[str]]:
    """[role, content] of each message: all a model sees, so all that counts. `extra` is neither sent nor counted."""
    return [[m.role, m.content] for m in question.messages]


def key_of(model: Model, question: Question) -> str:
    """The cache key: equal keys mean the same model, sampling, messages and sample number."""
    return digest([model.id, turns(question), question.sample]).hex()


def seed_of(model: Model, question: Question, bits: int) -> int:
    """A seed below 2**bits from (model.seed, messages, sample)."""
    return int.from_bytes(digest([model.seed, turns(question), question.sample])[:8], "big") >> (64 - bits)
