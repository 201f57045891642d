"""InRegister and SameContent: the register of a whole text, and whether a rewriting says the same."""

from __future__ import annotations

import pytest

from komainu.checks.in_register import REGISTERS, InRegister, manner_of
from komainu.checks.same_content import SameContent
from komainu.data.ask_register import wordings
from tests.checks.helpers import answer


@pytest.mark.parametrize(
    ("lang", "register", "text"),
    [
        ("ja", "plain", "まず机の上を空にする。無理はしない。続けることが大切だ。"),
        ("ja", "polite", "まず机の上を空にします。無理はしないでください。続けることが大切です。"),
        ("ja", "polite", "ありがとうございます。まず机の上を空にします。続けることが大切です。毎日少しずつ行います。"),
        ("ja", "honorific", "お机の上を空になさいますと、すぐにお始めいただけます。ご不明な点はお尋ねください。"),
        ("ja", "honorific", "ご案内申し上げます。明日の十時に伺います。資料を拝見しました。"),
        ("ja", "polite", "まず机の上を空にします。続けることが大切です。毎日少し行います。資料を拝見しました。"),
        ("ja", "mixed", "まず机を空にする。それから本を並べます。次に床を掃く。最後に窓を開けます。"),
        ("ja", "none", "東京、大阪、名古屋"),
        ("en", "casual", "Don't worry, it's easy. You just clear the desk and you're done."),
        ("en", "formal", "It is advisable to clear the desk first. John's notes may be of use."),
        ("en", "none", "Clear the desk."),
        ("en", "mixed", "It is advisable to clear the desk first. " * 8 + "Do not hurry, guys."),
    ],
)
def test_a_text_has_one_register_or_none(lang: str, register: str, text: str) -> None:
    assert manner_of(text, lang) == register


@pytest.mark.parametrize("lang", REGISTERS)
def test_the_answer_must_be_in_the_register_asked_for_and_rows_that_ask_for_none_pass(lang: str) -> None:
    polite = "まず机の上を空にします。" if lang == "ja" else "It is advisable to clear the desk before anything else."
    fits = "polite" if lang == "ja" else "formal"
    for register in REGISTERS[lang]:
        found = InRegister()(answer(polite, "q", lang=lang, register=register))
        assert found == ("" if register == fits else f"in_register: {fits} where {register} was asked for")
    assert InRegister()(answer(polite, "q", lang=lang)) == ""
    assert InRegister()(answer(polite, "q", lang="fr", register="polite")) == ""


def test_the_registers_that_are_asked_for_are_those_that_can_be_told() -> None:
    for lang, registers in REGISTERS.items():
        assert sorted(one.register for one in wordings() if one.lang == lang) == sorted(registers)
    assert all(len(set(one.say)) == len(one.say) >= 3 and one.name for one in wordings())


@pytest.mark.parametrize(
    ("lang", "before", "after", "why"),
    [
        ("ja", "10分でパソコンを3台直す。", "3台のパソコンを10分で直します。", ""),
        ("ja", "10分でパソコンを3台直す。", "10分でパソコンを4台直します。", "numbers '3, 4'"),
        ("ja", "１０分かかる。", "10分かかります。", ""),
        ("ja", "Pythonでパソコンを使う。", "Pythonで機械を使います。", "names 'パソコン'"),
        ("ja", "機械を使う。", "パソコンを使います。", "names 'パソコン'"),
        ("ja", "机を空にする。", "机を空にします。" * 3, "3.43 times as long"),
        ("en", "Ask Hanako first. It's easy.", "It is easy. Ask Hanako before all else.", ""),
        ("en", "First, ask Hanako Sato.", "First, ask Hanako.", "names 'Sato'"),
        ("en", "I'd ask her, and I mean it.", "It would be best to ask her, truly.", ""),
    ],
)
def test_a_rewriting_keeps_numbers_names_and_length(lang: str, before: str, after: str, why: str) -> None:
    found = SameContent()(answer(after, "q", lang=lang, original=before))
    assert found == (f"same_content: {why}" if why else "")


def test_the_bounds_of_the_length_are_fine_themselves_and_a_row_without_an_original_passes() -> None:
    sizes = [SameContent()(answer("あ" * n, "q", lang="ja", original="い" * 10)) == "" for n in (4, 5, 20, 21)]
    assert sizes == [False, True, True, False]
    assert SameContent()(answer("あ", "q", lang="ja")) == ""
