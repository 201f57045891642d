"""Grammar: register, honorific and humble forms, particles, sentence endings, conjugation."""

from __future__ import annotations

import re

from komainu.checks.register import sentence_register
from komainu.eval.bench.jp_ifeval.kana import composed
from komainu.eval.bench.jp_ifeval.lexicon import tokens
from komainu.eval.bench.jp_ifeval.pieces import answers, ending, in_order, prose_sentences
from komainu.eval.bench.jp_ifeval.tables import rows

_DOUBLE = re.compile("になられ|おっしゃられ|いらっしゃられ|なさられ")  # 二重敬語
_TAIL = 80  # characters at a sentence's end that its predicate is looked for in
_MARKS = ("補助記号", "記号", "空白")


def polite(response: str) -> bool:
    """Every sentence with a finished predicate ends in です or ます, and there is one; speech in 「」 is left out."""
    return registers(response) - {"none"} == {"polite"}


def plain(response: str) -> bool:
    """Every sentence with a finished predicate ends without です or ます, and there is one."""
    return registers(response) - {"none"} == {"plain"}


def registers(response: str) -> set[str]:
    return {sentence_register(sentence[-_TAIL:]) for sentence in prose_sentences(response)}


def honorific(response: str, *, verb: str, kind: str) -> bool:
    """The verb in its honorific (尊敬語) or humble (謙譲語) form by our table, and no form of the other kind.

    Doubled honorifics (おっしゃられる) are not right. The passive (行かれる) is an honorific form.
    """
    text = composed(response)
    honoured, humble = rows("honorifics")[verb]
    right, wrong = (honoured, humble) if kind == "尊敬語" else (humble, honoured)
    return bool(re.search(right, text)) and not re.search(wrong, text) and not _DOUBLE.search(text)


def no_particle(response: str, *, particles: list[str]) -> bool:
    """None of the particles (助詞), whatever it does: は is in では and には too, が joins clauses too.

    The に of きれいに, the で of 静かで and the は of こんにちは are no particles by the dictionary.
    """
    return not any(t.pos[0] == "助詞" and t.surface in particles for t in tokens(composed(response)))


def sentence_ending(response: str, *, ending: str) -> bool:
    """Every sentence ends in the given letters, marks and emoji after them left out; speech in 「」 is left out."""
    found = [*map(_ending, prose_sentences(response))]
    return bool(found) and all(sentence.endswith(ending) for sentence in found)


_ending = ending  # the argument of that name hides the function


def noun_ending(response: str) -> bool:
    """Every sentence ends in a noun (体言止め): 名詞, 代名詞 or a suffix that makes one."""
    found = prose_sentences(response)
    return bool(found) and all(map(ends_in_noun, found))


def ends_in_noun(sentence: str) -> bool:
    *_, last = [("",), *(t.pos for t in tokens(ending(sentence)) if t.pos[0] not in _MARKS)]
    return last[0] in ("名詞", "代名詞") or last[:2] == ("接尾辞", "名詞的")


def conjugation(response: str, *, accepted: list[str]) -> bool:
    """The forms asked for, in order; several right ones are divided by |. Forms without ら (見れる) are not right."""
    return in_order(answers(response), accepted)


def transitivity(response: str, *, accepted: list[str]) -> bool:
    """The transitive or intransitive partner of each verb, in order."""
    return in_order(answers(response), accepted)
