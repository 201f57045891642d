"""The lists that prompts are made of: what is asked about, and what is asked of an answer. Written for komainu."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent
ORIGIN = {"source": "komainu lists", "licence": "apache-2.0"}


@cache
def list_hash(name: str) -> str:
    """Twelve hex digits of the SHA-256 of a list, for the identity of what draws from it."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()[:12]
