"""The `external` mark: tests that make an environment of another program and run it (`pytest -m external`)."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "external: makes an environment from the package registry and runs a program")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("external") and "external" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="needs an environment of its own: make test-external"))
