"""A store with the base model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.world import base, context


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the base model."""
    root = tmp_path_factory.mktemp("store")
    ctx = context(root)
    ctx.store.build(base(), ctx)
    return root
