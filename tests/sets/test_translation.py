"""Translation: texts of several kinds, in both directions, asked for in several styles."""

from __future__ import annotations

from pathlib import Path

from komainu.data.ask_to_translate import AskToTranslate, styles
from tests.data.fakes import chat, context, through
from tests.sets.pages import documented
from tests.sets.translator import SENTENCES, TO_ENGLISH, TO_JAPANESE, teacher
from tests.sets.world import accounted, chats_file, made, served


def test_styles_are_there_for_both_directions_and_hold_the_text_once() -> None:
    assert {style.to for style in styles()} == {"ja", "en"}
    assert all(style.text.count("{text}") == 1 for style in styles())
    for lang in ("ja", "en"):
        assert any(not style.kinds for style in styles() if style.to == lang)


def test_a_text_becomes_a_request_for_the_other_language(tmp_path: Path) -> None:
    rows = [
        chat(str(i), "Write.", "犬が{走}る。", lang="ja", finish="stop", **{"from": ["r", "call:w/1#0"]})
        for i in range(40)
    ]
    kept, _, _ = through(context(tmp_path), rows, AskToTranslate())
    assert {row.meta["lang"] for row in kept} == {"en"} and not any(row.answered for row in kept)
    assert all("犬が{走}る。" in row.messages[-1].content for row in kept)
    assert len({row.messages[-1].content for row in kept}) == sum(s.to == "en" and not s.kinds for s in styles())
    assert kept[0].meta["prompt_from"] == ["call:w/1#0"] and kept[0].meta["from"] == ["r"]
    assert "finish" not in kept[0].meta


def test_a_style_for_a_kind_of_text_is_used_for_that_kind_alone(tmp_path: Path) -> None:
    def said(kind: str) -> set[str]:
        rows = [chat(str(i), "x", "犬。", lang="ja", seeds={"text": kind}) for i in range(60)]
        return {row.messages[-1].content for row in through(context(tmp_path), rows, AskToTranslate())[0]}

    paper, novel = said("論文の要旨"), said("小説の一場面（情景描写）")
    assert len(paper & novel) == sum(s.to == "en" and not s.kinds for s in styles())
    assert any("学術論文" in text for text in paper - novel) and any("literary" in text for text in novel - paper)


def test_the_set_has_both_directions_and_every_translation_is_whole_and_alone(tmp_path: Path) -> None:
    with served(teacher=teacher) as server:
        found = made(tmp_path, "translation", server.endpoints, n=60)
    accounted(found)
    documented(found, "translation")
    assert {row.meta["lang"] for row in found.rows} == {"ja", "en"}
    for row in found.rows:
        table = TO_ENGLISH if row.meta["lang"] == "en" else TO_JAPANESE
        sentences = sorted((s for s in table if s in row.meta["original"]), key=row.meta["original"].index)
        assert row.reply == ("" if row.meta["lang"] == "ja" else " ").join(table[s] for s in sentences)
        assert len(row.meta["prompt_from"]) == 1, "the call that wrote the text is known"
    mended = found.summary["notes"]["Regenerate"]
    assert mended["failed"] > 0 and mended["mended"]


def test_texts_of_a_file_are_translated_as_they_are(tmp_path: Path) -> None:
    texts = ["".join(ja for ja, _ in SENTENCES[:5]), " ".join(en for _, en in SENTENCES[5:10])]
    rows = [{"messages": [{"role": "user", "content": text}]} for text in texts]
    path = chats_file(tmp_path / "texts.jsonl", rows)
    with served(teacher=teacher) as server:
        found = made(tmp_path, "translation", server.endpoints, texts=path, licence="cc0")
    accounted(found)
    assert [(row.meta["original"], row.meta["lang"]) for row in found.rows] == [(texts[0], "en"), (texts[1], "ja")]
