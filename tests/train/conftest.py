"""A store with the base model; the `engines` mark: tests that make another program's environment and run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.world import base, context


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "engines: makes environments from the package registry and trains in them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("engines") and "engines" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="needs an environment of its own: make test-engines"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the base model."""
    root = tmp_path_factory.mktemp("store")
    ctx = context(root)
    ctx.store.build(base(), ctx)
    return root
