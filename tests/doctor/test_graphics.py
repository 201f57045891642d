"""The doctor on GPUs: a card, its driver and torch must fit together, and what does not is told with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.doctor import graphics
from komainu.doctor.base import Finding
from komainu.doctor.graphics import gpu
from komainu.settings import Settings
from tests.doctor.programs import install, program


@pytest.fixture
def bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs, on a machine with no card."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(graphics, "CARDS", tmp_path / "devices")
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The packages that are installed, by version."""
    return install(monkeypatch, {"torch": "2.13.0", "nvidia-cuda-runtime": "13.0.96"})


def card(folder: Path, name: str, vendor: str = "0x10de", kind: str = "0x030200") -> None:
    device = folder / "devices" / name
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")


def test_without_a_card_nothing_is_missing(bin: Path) -> None:
    card(bin, "0000:00:02.0", vendor="0x8086")
    card(bin, "0000:00:1f.0", kind="0x060100")  # NVIDIA's, and no display
    assert gpu(Settings()) == Finding("gpu", "ok", "none found: everything runs on the CPU")


def test_a_card_without_a_driver_is_told_with_the_packages(bin: Path) -> None:
    card(bin, "0000:01:00.0")
    card(bin, "0000:02:00.0", kind="0x030000")
    found = gpu(Settings())
    assert found.state == "lacks" and found.text.startswith("2 NVIDIA cards without a driver")
    assert "apt-get install nvidia-driver nvidia-smi" in found.advice and "--gpus all" in found.advice


def test_a_driver_that_does_not_answer_is_told(bin: Path) -> None:
    program(bin, "nvidia-smi", code=9)
    found = gpu(Settings())
    assert found.state == "lacks" and "exit status 9" in found.text and "the driver is not loaded" in found.advice


def test_a_torch_for_the_cpu_is_told(bin: Path, installed: dict[str, str]) -> None:
    program(bin, "nvidia-smi", "NVIDIA H200, 143771 MiB, 580.65.06")
    assert gpu(Settings()) == Finding("gpu", "ok", "NVIDIA H200, 143771 MiB; driver 580.65.06")
    installed["torch"] = "2.13.0+cpu"
    found = gpu(Settings())
    assert found.state == "lacks" and "torch 2.13.0+cpu cannot use it" in found.text and "CUDA build" in found.advice


@pytest.mark.parametrize(
    ("torch", "runtime", "driver", "least"),
    [
        ("2.13.0", {"nvidia-cuda-runtime": "13.0.96"}, "570.1", 580),
        ("2.13.0+cu130", {}, "579.99", 580),
        ("2.13.0", {"nvidia-cuda-runtime-cu12": "12.8.90"}, "470.2", 525),
        ("2.13.0", {"nvidia-cuda-runtime-cu12": "12.8.90"}, "525.1", None),
        ("2.13.0", {}, "470.2", None),  # a torch that does not say
    ],
)
def test_a_driver_too_old_for_the_cuda_of_torch_is_told(
    bin: Path, installed: dict[str, str], torch: str, runtime: dict[str, str], driver: str, least: int | None
) -> None:
    installed.clear()
    installed |= {"torch": torch, **runtime}
    program(bin, "nvidia-smi", f"NVIDIA A100, 81920 MiB, {driver}")
    found = gpu(Settings())
    assert (found.state == "lacks") == (least is not None)
    assert least is None or f"needs driver {least}" in found.text
