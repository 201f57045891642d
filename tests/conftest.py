"""Hypothesis without a clock: how long an example takes is the machine's business.

The `engines` mark: tests that make an environment of another program and run it (`pytest -m engines`).
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("komainu", deadline=None)
settings.load_profile("komainu")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "engines: makes environments from the package registry and uses them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("engines") and "engines" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="needs an environment of its own: make test-engines"))
