"""The family by size as the card of Shisa V2 has it: its columns, the smallest first, Llamas by their names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from komainu.release.family import Member
from komainu.release.licences import title
from komainu.release.results import Results
from komainu.release.sections import sizes
from komainu.release.words.choice import WORDS

PUBLISHED = """
| license | model | parameters | context | JA avg | EN avg |
| apache-2.0 | shisa-v2-qwen2.5-7b | 7.6B | 131,072 | 71.06 | 54.86 |
| llama3.1 | shisa-v2-llama3.1-8b | 8B | 131,072 | 70.83 | 54.75 |
| apache-2.0 | shisa-v2-mistral-nemo-12b | 12.2B | 131,072 | 72.83 | 53.33 |
| mit | shisa-v2-unphi4-14b | 14.7B | 16,384 | 75.89 | 60.10 |
| apache-2.0 | shisa-v2-qwen2.5-32b | 32.8B | 131,072 | 76.97 | 67.41 |
| llama3.3 | shisa-v2-llama3.3-70b | 70.6B | 131,072 | 79.72 | 67.71 |
"""
PARAMETERS = (7_615_616_512, 8_030_261_248, 12_247_782_400, 14_659_507_200, 32_763_876_352, 70_553_706_496)
OFFICIAL = {"llama3.1": "Llama 3.1 shisa-v2-llama3.1-8b", "llama3.3": "Llama 3.3 shisa-v2-llama3.3-70b"}


def cells(text: str) -> list[list[str]]:
    lines = (line.strip("| ").split(" | ") for line in text.strip().splitlines())
    return [line for line in lines if not set("".join(line)) <= set("-: ")]


def average(text: str) -> dict[str, Any]:
    return dict.fromkeys(("mean", "low", "high"), float(text))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_published_family_is_laid_out_alike(language: str) -> None:
    head, *rows = cells(PUBLISHED)
    members = [
        Member(licence, title(name, {"licence": licence}), size, int(context.replace(",", "")), averages)
        for (licence, name, _, context, ja, en), size in zip(rows, PARAMETERS, strict=True)
        for averages in [{"ja": average(ja), "en": average(en)}]
    ]
    results = cast(Results, SimpleNamespace(parts=["ja", "en"]))
    ours, *own = cells(sizes(members[::-1], results, WORDS[language]))
    if language == "en":
        assert [name.removesuffix(" (tokens)").casefold().replace("licence", "license") for name in ours] == [
            name.casefold() for name in head
        ]
    assert len(ours) == len(head)
    for theirs, mine in zip(rows, own, strict=True):
        assert mine[:4] == [theirs[0], OFFICIAL.get(theirs[0], theirs[1]), *theirs[2:4]]
        for told, shown in zip(theirs[4:], mine[4:], strict=True):
            assert abs(float(told) - float(shown.partition(" [")[0])) <= 0.05 + 1e-9
