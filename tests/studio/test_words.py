"""The interface is whole in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import komainu.studio
from komainu.studio.words import wanted
from komainu.studio.words.en import EN
from komainu.studio.words.ja import JA
from tests.studio.world import served, studio_of

FOLDER = Path(komainu.studio.__file__).parent
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
SAME = {"studio"}  # is said alike in both


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_both_languages_say_the_same_keys_with_the_same_places() -> None:
    assert [*EN] == [*JA]
    assert {key: places(text) for key, text in EN.items()} == {key: places(text) for key, text in JA.items()}


def test_each_language_is_in_its_own_words() -> None:
    assert [key for key, text in EN.items() if JAPANESE.search(text)] == []
    assert [key for key, text in JA.items() if not JAPANESE.search(text) and key not in SAME] == []


def test_no_word_is_left_over_and_no_text_stands_outside_the_catalogues() -> None:
    sources = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.jinja")]
    said = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    families = re.findall(r'"([a-z_.]+\.)(?:" ~|\{)', said)  # of keys with a part that varies
    unused = [k for k in EN if f'"{k}"' not in said and not k.startswith(tuple(families))]
    assert unused == []
    for path in FOLDER.glob("templates/*.jinja"):
        bare = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(encoding="utf-8"))
        bare = re.sub(r"(?s)<code>.*?</code>|<[^>]*>|&\w+;", "", bare)
        assert re.findall(r"[A-Za-z]{3,}", re.sub("English|SHA-256", "", bare)) == [], path.name


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("de, ja;q=0.5, en;q=0.4", "ja"),
        ("ja;q=0.1,en-GB", "en"),
        ("ja;q=0", "en"),
        ("ja;q=x, *", "en"),
    ],
)
def test_the_browser_chooses_until_the_reader_does(header: str, language: str, tmp_path: Path) -> None:
    assert wanted(header) == language
    with served(studio_of(tmp_path)) as client:
        assert f'<html lang="{language}">' in client.ask("/", {"Accept-Language": header}).text
        chosen = client.ask("/?lang=ja&q=x", {"Accept-Language": header})
        assert chosen.headers["location"] == "/?q=x"
        assert '<html lang="ja">' in client.ask("/", {"Cookie": chosen.headers["set-cookie"].partition(";")[0]}).text
        assert "set-cookie" not in client.ask("/?lang=xx").headers
