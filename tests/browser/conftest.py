"""The `browser` mark: tests that need chromium (`pytest -m browser`)."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium; looks at pages as a reader does")
