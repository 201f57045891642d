"""The `vllm` mark: tests that need a real vLLM (`make test-vllm`), named by the python in KOMAINU_VLLM."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from komainu.settings import Runtime, Settings


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "vllm: needs a vLLM in an environment of its own and the demo in the store")


@pytest.fixture(scope="session")
def settings() -> Settings:
    """This machine's settings, with vLLM on the CPU in float32."""
    python = os.environ.get("KOMAINU_VLLM", "")
    if not Path(python).is_file():
        pytest.skip("KOMAINU_VLLM names no python with vLLM: run `make test-vllm`")
    runtime = Runtime(
        python=str(Path(python).absolute()),
        flags=("--enforce-eager",),
        environment={"VLLM_CPU_KVCACHE_SPACE": "1"},
        dtype="float32",
    )
    return Settings(engines={"vllm": runtime})
