"""What the tests of models share: a small model directory, and a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.fake_server import Server


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a two-layer model with a context of 128 tokens."""
    from tests.models.tiny import save_tiny_model

    path = tmp_path_factory.mktemp("model")
    save_tiny_model(path)
    return path


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()
