"""The 25 checks of IFEval (Zhou et al. 2023, arXiv 2311.07911), by instruction id."""

from __future__ import annotations

import re

from komainu.checks.instructions.base import Check, Relation, holds
from komainu.checks.instructions.language import detected
from komainu.checks.instructions.shared import (
    json_format,
    nth_paragraph,
    number_paragraphs,
    number_placeholders,
    response_language,
    two_responses,
)
from komainu.checks.instructions.words import count_capital_words, count_sentences, count_words

ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
POSTSCRIPTS = {"P.S.": r"p\.\s?s\.", "P.P.S": r"p\.\s?p\.\s?s"}


def times(word: str, response: str, *, whole: bool = False) -> int:
    """How often a word stands in a response, upper and lower case alike; `whole`: with word boundaries around it."""
    edge = r"\b" if whole else ""
    return len(re.findall(f"{edge}{re.escape(word)}{edge}", response, re.IGNORECASE))


def existence(response: str, *, keywords: list[str]) -> bool:
    """All keywords are there, be it inside longer words."""
    return all(times(word, response) for word in keywords)


def frequency(response: str, *, keyword: str, frequency: int, relation: Relation) -> bool:
    """The keyword is there so often, be it inside longer words."""
    return holds(times(keyword.strip(), response), relation, frequency)


def forbidden_words(response: str, *, forbidden_words: list[str]) -> bool:
    """None of the words is there as a whole word."""
    return not any(times(word, response, whole=True) for word in forbidden_words)


def letter_frequency(response: str, *, letter: str, let_frequency: int, let_relation: Relation) -> bool:
    """The letter (or other character) is there so often, upper and lower case alike."""
    return holds(response.lower().count(letter.strip().lower()), let_relation, let_frequency)


def number_sentences(response: str, *, num_sentences: int, relation: Relation) -> bool:
    return holds(count_sentences(response), relation, num_sentences)


def number_words(response: str, *, num_words: int, relation: Relation) -> bool:
    return holds(count_words(response), relation, num_words)


def capital_word_frequency(response: str, *, capital_frequency: int, capital_relation: Relation) -> bool:
    return holds(count_capital_words(response), capital_relation, capital_frequency)


def nth_paragraph_first_word(response: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    """So many paragraphs divided by blank lines, the nth beginning with the word, punctuation left out."""
    paragraph = _nth(response, num_paragraphs, nth_paragraph)
    if not paragraph:
        return False
    word = re.split(r"[.,?!'\"]", paragraph.split()[0].lstrip("'").lstrip('"'))[0]
    return word.lower() == first_word.lower()


def number_bullet_lists(response: str, *, num_bullets: int) -> bool:
    """Exactly so many lines that begin with one * or with -."""
    lines = [line.lstrip() for line in response.split("\n")]
    stars = sum(line.startswith("*") and line[1:2] not in ("*", "") for line in lines)
    return stars + sum(line.startswith("-") for line in lines) == num_bullets


def number_highlighted_sections(response: str, *, num_highlights: int) -> bool:
    """At least so many *highlights* or **highlights** that are not blank, each on one line."""
    found = re.findall(r"\*([^*\n]*)\*", response) + re.findall(r"\*\*([^*\n]*)\*\*", response)
    return sum(bool(text.strip()) for text in found) >= num_highlights


def multiple_sections(response: str, *, section_spliter: str, num_sections: int) -> bool:
    """At least so many headings of the form `SECTION 1`."""
    return len(re.findall(re.escape(section_spliter.strip()) + r"\s?\d+", response)) >= num_sections


def title(response: str) -> bool:
    """Something <<in double angle brackets>> on one line."""
    return any(text.strip("<>").strip() for text in re.findall(r"<<[^\n]+>>", response))


def constrained_response(response: str) -> bool:
    """One of the three allowed answers is in the response."""
    return any(answer in response for answer in ANSWERS)


def postscript(response: str, *, postscript_marker: str) -> bool:
    """The marker of a postscript is there; dots of `P.S.` may have a space after them."""
    marker = postscript_marker.strip()
    return re.search(POSTSCRIPTS.get(marker, re.escape(marker)), response, re.IGNORECASE) is not None


def repeat_prompt(response: str, *, prompt_to_repeat: str) -> bool:
    """The response begins with the request, upper and lower case alike."""
    return response.strip().lower().startswith(prompt_to_repeat.strip().lower())


def end_checker(response: str, *, end_phrase: str) -> bool:
    """The response ends with the phrase, upper and lower case alike, quotation marks around it left out."""
    return response.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def quotation(response: str) -> bool:
    text = response.strip()
    return len(text) > 1 and text[0] == text[-1] == '"'


def no_comma(response: str) -> bool:
    return "," not in response


def english_capital(response: str) -> bool:
    """English, without a lower-case letter."""
    return response.isupper() and detected(response) in (None, "en")


def english_lowercase(response: str) -> bool:
    """English, without a capital letter."""
    return response.islower() and detected(response) in (None, "en")


_nth = nth_paragraph  # the argument of that name hides the function

CHECKS: dict[str, Check] = {
    "change_case:capital_word_frequency": capital_word_frequency,
    "change_case:english_capital": english_capital,
    "change_case:english_lowercase": english_lowercase,
    "combination:repeat_prompt": repeat_prompt,
    "combination:two_responses": two_responses,
    "detectable_content:number_placeholders": number_placeholders,
    "detectable_content:postscript": postscript,
    "detectable_format:constrained_response": constrained_response,
    "detectable_format:json_format": json_format,
    "detectable_format:multiple_sections": multiple_sections,
    "detectable_format:number_bullet_lists": number_bullet_lists,
    "detectable_format:number_highlighted_sections": number_highlighted_sections,
    "detectable_format:title": title,
    "keywords:existence": existence,
    "keywords:forbidden_words": forbidden_words,
    "keywords:frequency": frequency,
    "keywords:letter_frequency": letter_frequency,
    "language:response_language": response_language,
    "length_constraints:nth_paragraph_first_word": nth_paragraph_first_word,
    "length_constraints:number_paragraphs": number_paragraphs,
    "length_constraints:number_sentences": number_sentences,
    "length_constraints:number_words": number_words,
    "punctuation:no_comma": no_comma,
    "startend:end_checker": end_checker,
    "startend:quotation": quotation,
}
