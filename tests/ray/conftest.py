"""The `ray` mark: tests on a Ray cluster of several nodes, started here as processes of their own (`make test-ray`)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ray: starts a Ray cluster on this machine (the extra `ray`)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    why = "" if "ray" in config.option.markexpr else "only with -m ray (`make test-ray`)"
    why = why or ("" if find_spec("ray") else "there is no Ray: pip install 'komainu[ray]'")
    for item in items:
        if why and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that does no tasks, and two nodes that do one at a time."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(2):
        made.add_node(num_cpus=1)
    yield made
    made.shutdown()
