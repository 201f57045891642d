"""Which option an answer chooses. Rules only; where they are not sure there is no choice, and none is guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from komainu.checks.text import visible
from komainu.eval.bench.mixeval import phrases as say

_EDGES = " \t\r\n.,;:!=。、．！\"'“”‘’「」『』()[]{}*`_"
REACH = 2000  # characters after a letter that are looked at: more than an option has


class Choice(NamedTuple):
    """The place of the chosen option, or None with the reason: one fixed word, then what was found."""

    place: int | None
    why: str = ""


class Said(NamedTuple):
    """A place where the answer commits itself: to one letter, or to several."""

    at: int
    letters: tuple[str, ...]
    rest: str  # what follows the letters, as far as it is looked at
    final: bool = False


def choice(answer: str, options: Sequence[str]) -> Choice:
    """The option that an answer chooses, lettered A, B, ... in order.

    A letter counts where the answer commits itself to it: it announces it ("the answer is B", 正解はB), calls it
    right, begins with it, or has it alone on a line. All of these must agree. Where they do not, the last final
    answer counts, or the last one after a word of correction; else there is no choice. A letter that stands with
    the text of another option is no choice. Without any letter the exact text of one option counts: as the whole
    answer, announced, quoted, or as the first words of a sentence. Options named in a list, turned down or
    supposed, and letters beyond the options, are never a choice.
    """
    whole = unicodedata.normalize("NFKC", visible(answer)).strip()
    text = plain(whole)
    texts = own_texts(options)
    said = sorted({*announced(text, texts), *called_right(text, texts), *alone(text), *leading(text, texts)})
    if not said:
        said = [*repeated(text, texts)]
    if said:
        return settled(said, text, texts)
    if say.NO_CHOICE.search(text) and not any(say.NO_CHOICE.search(option) for option in texts):
        return Choice(None, "no_answer: it chooses none")
    found = by_text(whole, text, texts)
    return found or short(text, len(options))


def plain(text: str) -> str:
    """The text without Markdown and LaTeX marks; a marked answer (boxed, <answer>, [[B]]) says so in words."""
    text = say.MARKED.sub(lambda m: f"\nfinal answer: {(m[1] or m[2] or m[3] or '').strip()}\n", text)
    text = say.LATEX.sub(lambda m: m[1] or "", text)
    return re.sub(r"\*+|`+|__+|^#+\s*", "", text, flags=re.M).strip()


def own_texts(options: Sequence[str]) -> list[str]:
    """The options to compare, without the letters that some sets put before all of theirs: "(A)Uneasy"."""
    labels = [rf"\s*\({chr(65 + i)}\)\s*" for i in range(len(options))]
    texts = [unicodedata.normalize("NFKC", option) for option in options]
    if all(re.match(label, text) for label, text in zip(labels, texts, strict=True)):
        texts = [re.sub(label, "", text, count=1) for label, text in zip(labels, texts, strict=True)]
    return [bare(text) for text in texts]


def bare(text: str) -> str:
    """A text to compare: without case, marks at its edges and differences of white space."""
    return " ".join(text.casefold().split()).strip(_EDGES)


def committed(text: str, letter: re.Match[str], *, final: bool = False) -> Said:
    """What is said at a letter, with the letters that are listed with it."""
    letters, end = [letter["letter"]], letter.end()
    while len(letters) < 26 and (also := say.ALSO.match(text, end)):
        letters.append(also["letter"])
        end = also.end()
    return Said(letter.start(), tuple(each.upper() for each in letters), text[end : end + REACH], final)


def announced(text: str, texts: Sequence[str]) -> Iterator[Said]:
    """Letters after "the answer is" and the like."""
    for found in say.ANNOUNCED.finditer(text):
        letter = say.TOKEN.match(text, found.end())
        if letter is None or supposed(text, found.start()) or is_text(text, letter, texts):
            continue
        made = committed(text, letter, final=bool(found["final"] or found["last"]))
        if stands(letter, made, texts):
            yield made


def supposed(text: str, at: int) -> bool:
    """Whether what begins at a place is denied or supposed by the words before it."""
    return say.BEFORE.search(text[max(0, at - 80) : at]) is not None


def is_text(text: str, letter: re.Match[str], texts: Sequence[str]) -> bool:
    """Whether what looks like a letter is how the text of an option begins: E. coli, A sharp."""
    start = text[letter.start("letter") :][:REACH].casefold()
    return any(len(own) > 1 and start.startswith(own) for own in texts)


def stands(letter: re.Match[str], made: Said, texts: Sequence[str]) -> bool:
    """Whether a letter is an answer and not the first word of something else, or turned down right after."""
    if len(made.letters) > 1:
        return True
    if made.rest.lstrip().startswith("?") or say.DENIED.match(made.rest):
        return False
    if letter["open"] and letter["close"]:
        return True
    if letter["letter"].islower():
        return re.match(r"[\s.,;:!)。]*(?:$|\n)", made.rest) is not None
    return say.ENDS.match(made.rest) is not None or quotes(made, texts) is not None


def called_right(text: str, texts: Sequence[str]) -> Iterator[Said]:
    """Letters of which the answer says that they are right."""
    for letter in say.TOKEN.finditer(text):
        if letter["letter"].islower() and not (letter["open"] and letter["close"]):
            continue
        made = committed(text, letter)
        own = quotes(made, texts)
        rest = made.rest
        if own is not None and own == ord(made.letters[0]) - 65:
            rest = after(made.rest, texts[own])
        before = text[max(0, letter.start() - 80) : letter.start()]
        if say.CALLED_RIGHT.match(rest) and say.NAMES.search(before) and not say.BEFORE.search(before):
            yield made


def alone(text: str) -> Iterator[Said]:
    """Lines that are a letter and nothing else."""
    for found in say.LINE.finditer(text):
        yield Said(found.start("letter"), (found["letter"].upper(),), "")


def leading(text: str, texts: Sequence[str]) -> Iterator[Said]:
    """The letter that the answer begins with, unless it begins a list of options."""
    found = say.LEADS.match(text)
    if found is None or is_text(text, found, texts) or lists(text):
        return
    made = committed(text, found)
    rest, bracketed = made.rest, bool(found["open"] and found["close"]) or found["close"] in (")", "]")
    quoted = quotes(made, texts) is not None
    if (found["letter"].islower() and not bracketed) or say.DENIED.match(rest) or (say.ASKS.match(rest) and not quoted):
        return
    named = bracketed or say.IN_JAPANESE.match(rest) or re.match(r"\s*[:)\]]|\s+[-–—]\s", rest)
    dotted = re.match(r"\.\s*(?:[A-Z(\"“「ぁ-んァ-ン一-龥]|$)", rest)
    reasoned = re.match(r"\s*[,、]|\s+(?:because|since|as\s|due)", rest) and found["letter"] != "I"
    if len(made.letters) > 1 or quoted or named or dotted or reasoned:
        yield made


def lists(text: str) -> bool:
    """Whether the answer begins with the options, line by line or on one line."""
    first = text.split("\n", 1)[0]
    return len({m["letter"] for m in say.LISTED.finditer(text)}) > 1 or say.LABELS.findall(first)[:2] == ["A", "B"]


def repeated(text: str, texts: Sequence[str]) -> Iterator[Said]:
    """Lines that repeat an option, letter and text."""
    for found in say.LISTED.finditer(text):
        index = ord(found["letter"]) - 65
        if index < len(texts) and bare(found["text"]) == texts[index]:
            yield Said(found.start("letter"), (found["letter"],), "")


def settled(said: Sequence[Said], text: str, texts: Sequence[str]) -> Choice:
    """The one letter that the answer commits itself to, or why there is none."""
    finals = [each for each in said if each.final]
    counted = finals[-1:] or list(said)
    letters = {letter for each in counted for letter in each.letters}
    if len(letters) > 1 and not finals and say.CORRECTED.search(text[said[0].at : said[-1].at]):
        counted = [*said[-1:]]
        letters = set(counted[0].letters)
    if len(letters) > 1:
        return Choice(None, f"several: {' '.join(sorted(letters))}")
    (letter,) = letters
    index = ord(letter) - 65
    if index >= len(texts):
        return Choice(None, f"not_an_option: {letter}")
    for each in counted:
        other = quotes(each, texts)
        if other is not None and texts[other] != texts[index]:
            return Choice(None, f"contradicts: {letter} with the text of {chr(65 + other)}")
    return Choice(index)


def quotes(made: Said, texts: Sequence[str]) -> int | None:
    """The option whose text stands right after the letter, up to a mark or the end; the longest that does."""
    rest = made.rest.casefold().lstrip(_EDGES + "-–—の")
    fitting = [i for i, text in enumerate(texts) if text and rest.startswith(text)]
    ended = [
        i for i in fitting if re.match(r"\s*(?:$|[\n.,;:!?)\]\"'”」』。、])|\s+is\b|\s*[がはで]", rest[len(texts[i]) :])
    ]
    return max(ended, key=lambda i: len(texts[i]), default=None)


def after(rest: str, text: str) -> str:
    """What follows the text of an option that follows a letter."""
    return re.sub(r"^[)\]\"'”」』*]+", "", rest[rest.casefold().find(text) + len(text) :])


def by_text(whole: str, text: str, texts: Sequence[str]) -> Choice | None:
    """The option whose text the answer is, announces, quotes or begins a sentence with."""
    announced = [m["text"] or m["ja"] for m in say.SAID_TEXT.finditer(text) if not supposed(text, m.start())]
    quoted = [
        next(filter(None, m.groups()))
        for line in re.split(r"(?<=[.!?。])\s+|\n", whole)
        if not say.NEGATED.search(line)
        for m in say.QUOTED.finditer(line)
    ]
    sentences = [] if lists(text) else re.split(r"(?<=[.!?。])\s*|\n", text)
    for wanted in (
        exactly([text, say.COPULA.sub("", text)], texts),
        exactly(announced, texts) or begun(announced, texts),
        {i for i in exactly(quoted, texts) if worded(texts[i])},
        {i for i in begun(sentences, texts) if worded(texts[i])},
    ):
        if len(wanted) == 1:
            return Choice(wanted.pop())
        if wanted:
            return Choice(None, f"several: {' '.join(chr(65 + i) for i in sorted(wanted))}")
    return None


def exactly(said: Iterable[str], texts: Sequence[str]) -> set[int]:
    """The options whose text is said, alone or with the option's letter after it: "Rome (C)"."""
    found = {bare(each) for each in said}
    return {i for i, text in enumerate(texts) if text and {text, f"{text} ({chr(97 + i)}"} & found}


def begun(said: Iterable[str], texts: Sequence[str]) -> set[int]:
    """The options whose text something said begins with, up to a mark; a comma is one after a word or two. An option
    that follows right after the comma, or its letter, is said, too."""
    found = set()
    for each in (part.strip(_EDGES).casefold() for part in said):
        for own in {i for i, text in enumerate(texts) if text and each.startswith(text)}:
            mark = say.BRIEF_MARK if len(texts[own].split()) < 3 else say.MARK
            if mark.match(each, len(texts[own])):
                rest = each[len(texts[own]) :].strip(_EDGES)
                found |= {own, *(i for i, t in enumerate(texts) if (t and rest.startswith(t)) or rest == chr(97 + i))}
    return found


def worded(text: str) -> bool:
    """Whether an option is more than a number: a number in an answer may be about anything."""
    return re.search(r"[^\W\d_]{2,}", text) is not None


def short(text: str, n: int) -> Choice:
    """The letter that has nothing around it but words like "I think" and "probably"."""
    words = [word for word in re.findall(r"[^\W_]+(?:['’]\w+)?", text) if word.casefold() not in say.AROUND]
    if "?" in text or len(words) != 1 or not re.fullmatch("[A-Z]", words[0]):
        return Choice(None, "no_answer: no option is named")
    index = ord(words[0]) - 65
    return Choice(index) if index < n else Choice(None, f"not_an_option: {words[0]}")
