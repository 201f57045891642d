"""Files of an artifact as the studio shows them: a report, a card, and nothing outside the artifact's folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from komainu.seal import seal_of
from komainu.studio import files
from tests.studio.world import Client, served, studio_of

REF = "report/0123456789ab"
PAGE = "<script>alert(1)</script><h1>A report</h1>"
HELD = {
    "report.html": PAGE,
    "README.md": "# A card",
    ".eval_results/a b?.yaml": "score: 1",
    "LICENSE": "MIT",
    "w.bin": "\0",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with one artifact, whose record names files outside its folder too."""
    folder = tmp_path / "store" / REF
    for name, text in HELD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "secret.txt").write_text("outside")
    os.symlink(tmp_path / "secret.txt", folder / "link.txt")
    names = [*HELD, "../../../secret.txt", str(tmp_path / "secret.txt"), "link.txt", "gone.txt", "nul\0.txt"]
    record = {
        "id": REF.partition("/")[2],
        "stage": "Report",
        "makes": "Page",
        "config": {},
        "inputs": {},
        "summary": {},
    }
    record |= {"files": {name: "0" * 64 for name in names}, "sources": {}}
    (folder / "record.json").write_text(json.dumps({**record, "seal": seal_of(record)}))
    return tmp_path / "store"


def file(client: Client, name: str) -> tuple[int, str]:
    found = client.ask(f"/file/{REF}/{quote(name)}")
    return found.status, found.text


def test_a_page_is_shown_and_can_run_load_and_send_nothing(root: Path) -> None:
    with served(studio_of(root)) as client:
        found = client.ask(f"/file/{REF}/report.html")
    assert found.text == PAGE and found.headers["content-type"] == "text/html; charset=utf-8"
    policy = [each.strip() for each in found.headers["content-security-policy"].split(";")]
    assert {"sandbox", "default-src 'none'", "script-src 'none'", "form-action 'none'"} <= {*policy}


def test_any_other_text_is_shown_as_plain_text(root: Path) -> None:
    with served(studio_of(root)) as client:
        for name in ("README.md", ".eval_results/a b?.yaml", "LICENSE"):
            found = client.ask(f"/file/{REF}/{quote(name)}")
            assert (found.status, found.text) == (200, HELD[name])
            assert found.headers["content-type"] == "text/plain; charset=utf-8"


def test_nothing_is_shown_that_is_no_text_too_large_gone_or_outside(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST", 10)
    outside = ("../../../secret.txt", f"{root.parent}/secret.txt", "link.txt", "nul\0.txt")
    with served(studio_of(root)) as client:
        for name in ("w.bin", "report.html", "gone.txt", "record.json", *outside):
            status, text = file(client, name)
            assert status == 404 and "outside" not in text, name
        assert file(client, "README.md")[0] == 200


def test_the_artifact_leads_to_its_page_first_and_to_every_file_that_can_be_shown(root: Path) -> None:
    with served(studio_of(root)) as client:
        text = client.ask(f"/artifact/{REF}").text
    start = f'<a href="/file/{REF}/'
    assert text.partition('<p class="steps">')[2].startswith(f'{start}report.html">report.html</a>')
    assert text.count(start) == 1 + len({*HELD} - {"w.bin"})
    assert f'{start}.eval_results/a%20b%3F.yaml">' in text and "link.txt</th>" in text
