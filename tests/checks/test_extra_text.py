"""ExtraText finds whatever stands around a bare result, and takes no real translation for it."""

from __future__ import annotations

import pytest

from komainu.checks.extra_text import ExtraText
from tests.checks.helpers import answer, needs_fixtures, tanaka, tatoeba

JA, EN = "老犬がここで走っています。", "The old dog is running here."
ASKED = {"ja": f"日本語に訳してください。\n{EN}", "en": f"Translate into English.\n{JA}"}

AROUND = [
    "はい、翻訳します。{}",
    "もちろんです！\n{}",
    "もちろんです。{}",
    "承知しました。{}",
    "かしこまりました。以下の通りです。{}",
    "わかりました。翻訳します。{}",
    "では、日本語に訳します：{}",
    "以下が翻訳です。\n{}",
    "こちらが訳文になります：{}",
    "はい、訳は次のとおりです。{}",
    "日本語に訳すと、「{}」です。",
    "英語では「{}」と言います。",
    "この文は「{}」と訳せます。",
    "訳：{}",
    "翻訳結果: {}",
    "【翻訳】{}",
    "**Translation:** {}",
    "English: {}",
    "Sure, here is the translation: {}",
    "Sure! {}",
    "Here's the English version:\n\n{}",
    "Here is my translation. {}",
    'The translation is: "{}"',
    'In English, this would be "{}"',
    "{}\n(注: 直訳です。)",
    "{}（丁寧な表現です）",
    "{} (Note: literal.)",
    "{} (This is the polite form.)",
    "{}\n※「犬」は老犬です。",
    "{}\n\n以上です。",
    "{} 以上が翻訳になります。",
    "{}\nまたは、{}",
    "{}\nLet me know if you need anything else!",
    "{} I hope this helps.",
    "{}\nThis translation uses the polite form.",
    "「{}」",
    '"{}"',
    "“{}”",
    "**{}**",
    "```\n{}\n```",
    "犬 → {}",
]


@pytest.mark.parametrize("pattern", AROUND)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_text_around_a_translation_fails(pattern: str, lang: str) -> None:
    text = pattern.replace("{}", JA if lang == "ja" else EN)
    assert ExtraText()(answer(text, ASKED[lang], lang=lang, task=f"translate_{lang}")).startswith("extra_text: ")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (JA, EN),
        ("はい、食べます。", "Yes, I eat."),
        ("はい、分かりました。行きます。", "Yes, I understand. I will go."),
        ("分かりました。行きます。", "I see. I will go."),
        ("もちろんです。行きます。", "Of course. I will go."),
        ("田中さんは手紙を訳しました。", "Tanaka translated the letter."),
        ("日本語で答えました。", "I answered in Japanese."),
        ("「行こう。」", '"Let\'s go."'),
        ("答えは簡単です。", "The answer is simple."),
        ("彼女は「はい」と言った。", 'She said "yes."'),
        ("ＮＡＳＡ（アメリカ航空宇宙局）は大きい。", "NASA (the US space agency) is big."),
        ("注意してください。", "Please be careful."),
        ("ﾒﾓをとりました。", "I took notes."),
        ("英語の先生です。😊", "I am an English teacher. 😊"),
    ],
)
def test_a_bare_japanese_translation_passes(text: str, source: str) -> None:
    chat = answer(text, f"次の文を日本語に訳してください。\n{source}", lang="ja", task="translate_ja")
    assert ExtraText()(chat) == ""


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (EN, JA),
        ("Sure, I will go.", "はい、行きます。"),
        ("Yes! I won twice in a row!", "やった！二連勝だ。"),
        ("Note that it is cold.", "寒いことに気をつけて。"),
        ("Here is the book.", "これがその本です。"),
        ("The translation was hard.", "その翻訳は難しかった。"),
        ('He said, "Let\'s go."', "彼は「行こう」と言った。"),
        ('"Let\'s go."', "「行こう。」"),
        ("I translated the letter.", "私は手紙を訳した。"),
        ("Of course! I will go.", "もちろん！行きます。"),
    ],
)
def test_a_bare_english_translation_passes(text: str, source: str) -> None:
    chat = answer(text, f"次の文を英語に訳してください。\n{source}", lang="en", task="translate_en")
    assert ExtraText()(chat) == ""


def test_the_source_or_a_reading_beside_the_translation_fails() -> None:
    check = ExtraText()
    assert "source" in check(answer(f"{EN}\n{JA}", ASKED["ja"], lang="ja", task="translate_ja"))
    assert "source" in check(answer(f"{JA} is: {EN}", ASKED["en"], lang="en", task="translate_en"))
    reading = f"{JA} (Rouken ga koko de hashitte imasu)"
    assert "gloss" in check(answer(reading, ASKED["ja"], lang="ja", task="translate_ja"))


def test_only_a_bare_result_is_held_to_it() -> None:
    text = "はい、お答えします。\n駅です。"
    assert ExtraText()(answer(text, "どこですか。", lang="ja", task="questions")) == ""
    assert ExtraText()(answer(text, "どこですか。", lang="ja", task="questions", bare=True)).startswith(
        "extra_text: preface"
    )


@needs_fixtures
def test_real_translations_pass() -> None:
    check = ExtraText()
    rows = [(s, "ja") for s in tatoeba("jpn") + tanaka()] + [(s, "en") for s in tatoeba("eng", "jpn")]
    found = [s for s, lang in rows if check(answer(s, "Translate.", lang=lang, task=f"translate_{lang}"))]
    assert len(found) <= 1, found  # one that does carry its reading in brackets
