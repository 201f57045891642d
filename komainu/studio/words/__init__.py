"""The words of the interface in both languages: `en.py` and `ja.py` have the same keys."""

from __future__ import annotations

from typing import Any, Literal

from komainu.studio.words.en import EN
from komainu.studio.words.ja import JA

Language = Literal["en", "ja"]
CATALOGUES: dict[Language, dict[str, str]] = {"en": EN, "ja": JA}


class Words:
    """`words("artifact.rows", n=3)`: what a key says in a language, with its places filled in."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.catalogue = CATALOGUES[language]

    def __call__(self, key: str, **places: Any) -> str:
        return self.catalogue[key].format(**places) if places else self.catalogue[key]


def wanted(header: str) -> Language:
    """The language that a browser's Accept-Language asks for; English where it asks for neither."""
    ranked = []
    for place, part in enumerate(header.split(",")):
        name, _, quality = part.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        ranked.append((-weight, place, name.strip().lower().split("-")[0]))
    return next((CODES[name] for weight, _, name in sorted(ranked) if name in CODES and weight), "en")


CODES: dict[str, Language] = {"en": "en", "ja": "ja"}
