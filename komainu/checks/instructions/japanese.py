"""The 33 checks of the Japanese part of M-IFEval (github.com/lightblue-tech/M-IFEval), by instruction id."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from komainu.checks.instructions.base import Check, Relation, holds
from komainu.checks.instructions.shared import (
    json_format,
    nth_paragraph,
    number_paragraphs,
    number_placeholders,
    response_language,
    two_responses,
)
from komainu.checks.instructions.tokens import count_sentences, tokens

ANSWERS = ("はい、そうです。", "いいえ、違います。", "どちらとも言えません。")
POSTSCRIPTS = {"P.S.": r"p\.\s?s\.", "P.P.S": r"p\.\s?p\.\s?s"}
KANJI = "\u4e00-\u9faf"
TO_KATAKANA = ord("ァ") - ord("ぁ")


def existence(response: str, *, keywords: list[str]) -> bool:
    """Each keyword is a token of the response; a keyword of several tokens never is, as upstream has it."""
    return set(keywords) <= {token.surface for token in tokens(response)}


def frequency(response: str, *, keyword: str, frequency: int, relation: Relation) -> bool:
    """The keyword is a token of the response so often."""
    return holds(sum(token.surface == keyword.strip() for token in tokens(response)), relation, frequency)


def forbidden_words(response: str, *, forbidden_words: list[str]) -> bool:
    """None of the words is a token of the response."""
    return not set(forbidden_words) & {token.surface for token in tokens(response)}


def letter_frequency(response: str, *, letter: str, let_frequency: int, let_relation: Relation) -> bool:
    """The hiragana letter is there so often, counted together with the same letter in katakana."""
    kana = letter.strip()
    twin = chr(ord(kana) + TO_KATAKANA) if len(kana) == 1 and "ぁ" <= kana <= "ん" else ""
    return holds(response.count(kana) + (response.count(twin) if twin else 0), let_relation, let_frequency)


def number_sentences(response: str, *, num_sentences: int, relation: Relation) -> bool:
    return holds(count_sentences(response), relation, num_sentences)


def number_letters(response: str, *, num_letters: int, relation: Relation) -> bool:
    """So many characters, spaces and line ends among them."""
    return holds(len(response), relation, num_letters)


def nth_paragraph_first_word(response: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    """So many paragraphs divided by blank lines, the nth beginning with the word, be it after 「 or 『."""
    paragraph = _nth(response, num_paragraphs, nth_paragraph)
    return paragraph is not None and paragraph.lstrip("「").lstrip("『").startswith(first_word.lower())


def number_bullet_lists(response: str, *, num_bullets: int) -> bool:
    """Exactly so many lines that begin with one ・."""
    lines = [line.lstrip() for line in response.split("\n")]
    return sum(line.startswith("・") and line[1:2] not in ("・", "") for line in lines) == num_bullets


def number_numbered_lists(response: str, *, num_items: int) -> bool:
    """Exactly so many lines that begin with a number, a dot and a space."""
    return len(re.findall(r"^[^\S\n]*\d+\.\s", response, re.MULTILINE)) == num_items


def number_highlighted_sections(response: str, *, num_highlights: int) -> bool:
    """At least so many 《highlights》 that are not blank, each on one line."""
    return sum(bool(text.strip()) for text in re.findall(r"《([^《》\n]*)》", response)) >= num_highlights


def multiple_sections(response: str, *, section_spliter: str, num_sections: int) -> bool:
    """At least so many headings of the form 第1章, in half-width or full-width digits."""
    return len(re.findall(rf"第\d+{re.escape(section_spliter.strip())}", response)) >= num_sections


def title(response: str) -> bool:
    """Something 『in double corner brackets』 on one line."""
    return any(text.strip("『』").strip() for text in re.findall(r"『[^\n]+』", response))


def constrained_response(response: str) -> bool:
    """One of the three allowed answers is in the response."""
    return any(answer in response for answer in ANSWERS)


def postscript(response: str, *, postscript_marker: str) -> bool:
    """The marker of a postscript is there; dots of `P.S.` may have a space after them."""
    marker = postscript_marker.strip()
    return re.search(POSTSCRIPTS.get(marker, re.escape(marker)), response, re.IGNORECASE) is not None


def repeat_prompt(response: str, *, prompt_to_repeat: str) -> bool:
    return response.strip().startswith(prompt_to_repeat.strip())


def end_checker(response: str, *, end_phrase: str) -> bool:
    """The response ends with the phrase; closing brackets after it are left out."""
    return response.strip().strip("」』").endswith(end_phrase.strip().strip("」』"))


def quotation(response: str) -> bool:
    text = response.strip()
    return len(text) > 1 and text[0] == "「" and text[-1] == "」"


def no_comma(response: str) -> bool:
    return "、" not in response


def no_period(response: str) -> bool:
    return "。" not in response


def furigana(response: str) -> bool:
    """Every run of kanji is followed by its reading in hiragana, in full-width brackets."""
    return re.search(rf"[{KANJI}](?![{KANJI}]|（[ぁ-ん]+）)", response) is None


def kanji(response: str, *, kanji_limit: int, relation: Relation) -> bool:
    return holds(len(re.findall(f"[{KANJI}]", response)), relation, kanji_limit)


def kansuuji(response: str) -> bool:
    """No digit, half-width or full-width."""
    return re.search(r"\d", response) is None


def only(response: str, letters: str) -> bool:
    """Every letter of the response is one of `letters` (a character class); signs, digits and spaces are free."""
    return all(re.match(f"[{letters}]", c) or not unicodedata.category(c).startswith("L") for c in response)


def hiragana_only(response: str) -> bool:
    return only(response, "ぁ-んー")


def katakana_only(response: str) -> bool:
    return only(response, "ァ-ンー・ｦ-ﾟ")


def no_hiragana(response: str) -> bool:
    return re.search("[ぁ-ゖ]", response) is None


def no_katakana(response: str) -> bool:
    """No katakana, full-width or half-width; the long vowel mark ー and the dot ・ are none."""
    return re.search("[ァ-ヺｦ-ﾟ]", response) is None


def unquoted(response: str) -> str:
    """The response without what stands in 「」 and then in 『』, each on one line."""
    return re.sub("『.*?』", "", re.sub("「.*?」", "", response))


def sentence_unified_end(response: str, *, ending: str) -> bool:
    """Every sentence outside quotations, up to 。！ or ？, ends with the ending; so does what follows the last one."""
    return all(s.endswith(ending) for s in re.split("[。！？]", unquoted(response)) if s)


def nominal_ending(response: str, *, count: int) -> bool:
    """At least so many sentences outside quotations end with a noun before 。！ or ？."""
    found = tokens(unquoted(response))
    return sum(b.surface in "。！？" and a.noun for a, b in pairwise(found)) >= count


_nth = nth_paragraph  # the argument of that name hides the function

CHECKS: dict[str, Check] = {
    "combination:repeat_prompt": repeat_prompt,
    "combination:two_responses": two_responses,
    "detectable_content:number_placeholders": number_placeholders,
    "detectable_content:postscript": postscript,
    "detectable_format:constrained_response": constrained_response,
    "detectable_format:json_format": json_format,
    "detectable_format:multiple_sections": multiple_sections,
    "detectable_format:nominal_ending": nominal_ending,
    "detectable_format:number_bullet_lists": number_bullet_lists,
    "detectable_format:number_highlighted_sections": number_highlighted_sections,
    "detectable_format:number_numbered_lists": number_numbered_lists,
    "detectable_format:title": title,
    "keywords:existence": existence,
    "keywords:forbidden_words": forbidden_words,
    "keywords:frequency": frequency,
    "keywords:letter_frequency": letter_frequency,
    "language:response_language": response_language,
    "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
    "length_constraints:number_letters": number_letters,
    "length_constraints:number_paragraphs": number_paragraphs,
    "length_constraints:number_sentences": number_sentences,
    "letters:furigana": furigana,
    "letters:hiragana_only": hiragana_only,
    "letters:kanji": kanji,
    "letters:kansuuji": kansuuji,
    "letters:katakana_only": katakana_only,
    "letters:no_hiragana": no_hiragana,
    "letters:no_katakana": no_katakana,
    "punctuation:no_comma": no_comma,
    "punctuation:no_period": no_period,
    "startend:end_checker": end_checker,
    "startend:quotation": quotation,
    "startend:sentence_unified_end": sentence_unified_end,
}
