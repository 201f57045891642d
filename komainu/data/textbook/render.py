"""Textbook sentences and their parts in Japanese and English."""

from __future__ import annotations

from functools import cache

from komainu.data.textbook.inflect import Register, copula_ja, i_adj_ja, indefinite, na_adj_ja, verb_ja
from komainu.data.textbook.shape import Role, Sentence
from komainu.data.textbook.words import Word

MAX_NUMBER = 999
_DIGITS = "〇一二三四五六七八九"
_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PLURAL_BE = ("you", "we", "they")


@cache
def number_ja(n: int) -> str:
    """A number from 0 to 999 in kanji: 二十一. Zero is ゼロ."""
    assert 0 <= n <= MAX_NUMBER, n
    if n == 0:
        return "ゼロ"
    digits = zip((n // 100, n // 10 % 10, n % 10), ("百", "十", ""), strict=True)
    return "".join(("" if d == 1 and unit else _DIGITS[d]) + unit for d, unit in digits if d)


@cache
def number_en(n: int) -> str:
    """A number from 0 to 999 in words: twenty-one, one hundred five."""
    assert 0 <= n <= MAX_NUMBER, n
    if n < 20:
        return _SMALL[n]
    if n < 100:
        return _TENS[n // 10] + (f"-{_SMALL[n % 10]}" if n % 10 else "")
    rest = f" {number_en(n % 100)}" if n % 100 else ""
    return f"{_SMALL[n // 100]} hundred{rest}"


def count_ja(noun: Word, n: int) -> str:
    """A number with the noun's counter: 三冊, 二匹, 一人."""
    return number_ja(n) + noun.counter


def count_en(noun: Word, n: int) -> str:
    """A number with the noun: three books, one dog, two cups of tea, three pairs of shoes."""
    return f"{number_en(n)} {noun.one if n == 1 else noun.plural}"


@cache
def noun_en(noun: Word, definite: bool = True) -> str:
    """A noun phrase: the book / a book, the bread / bread, my sister, the doctor, Taro, I, Japanese.

    A person is always definite as an object; `definite` decides for the rest.
    """
    if noun.article in ("name", "pro"):
        return noun.en
    if noun.article == "my":
        return f"my {noun.en}"
    if definite or noun.category == "person":
        return f"the {noun.en}"
    return indefinite(noun.en) if noun.article == "count" else noun.en


@cache
def there_en(noun: Word, negative: bool = False) -> str:
    """What there is, not counted: a dog, bread, shoes; no dog, no bread, no shoes."""
    if negative:
        return f"no {noun.en}"
    return indefinite(noun.en) if noun.article == "count" else noun.en


def subject_ja(s: Sentence) -> str:
    """妹; the thing that is there in an exist sentence."""
    return s.subject.ja


def subject_en(s: Sentence) -> str:
    """The subject as it stands inside a sentence: my sister; in an exist sentence: a dog, three dogs."""
    if s.kind == "exist":
        return there_en(s.subject) if s.number is None else count_en(s.subject, s.number)
    return noun_en(s.subject)


def object_ja(s: Sentence) -> str:
    """パン, or nothing."""
    return s.object.ja if s.object else ""


def object_en(s: Sentence) -> str:
    """a book, bread, the doctor, or nothing."""
    return noun_en(s.object, definite=False) if s.object else ""


def place_ja(s: Sentence) -> str:
    """公園, or nothing."""
    return s.place.ja if s.place else ""


def place_en(s: Sentence, preposition: bool = False) -> str:
    """the park, or nothing; with its preposition: at the park, and where a go sentence goes: to the park."""
    if s.place is None:
        return ""
    head = ("to " if s.kind == "go" else "at ") if preposition else ""
    return head + noun_en(s.place)


def time_ja(s: Sentence, particle: bool = False) -> str:
    """月曜日, or nothing; with its particle, where it has one: 月曜日に."""
    return (s.time.ja_phrase if particle else s.time.ja) if s.time else ""


def time_en(s: Sentence) -> str:
    """yesterday, on Monday, in the morning, or nothing."""
    return s.time.en_phrase if s.time else ""


def role_ja(s: Sentence, role: Role) -> str:
    """The word that fills a role, without a particle, or nothing."""
    word = s.role(role)
    return word.ja if word else ""


def role_en(s: Sentence, role: Role) -> str:
    """The English phrase that fills a role, without a preposition but for times, or nothing."""
    return {"subject": subject_en, "time": time_en, "place": place_en, "object": object_en}[role](s)


def predicate_ja(s: Sentence, register: Register = "plain") -> str:
    """The verb or adjective in its form, without a question's ending: 食べませんでした, 静かだ."""
    if s.verb is not None:
        return verb_ja(s.verb.ja, s.verb.group, register, s.past, s.negative)
    if s.adjective is None:
        ja, group = ("いる", "ichidan") if s.subject.animate else ("ある", "godan")
        return verb_ja(ja, group, register, s.past, s.negative)
    inflect = i_adj_ja if s.adjective.cls == "i_adj" else na_adj_ja
    return inflect(s.adjective.ja, register, s.past, s.negative)


def japanese(s: Sentence, register: Register = "plain") -> str:
    """The sentence in Japanese. A statement ends with 。, a polite question with か。, a plain one with ？.

    do: S は T P で O を V. go: S は T P に V. be: S は A. exist: P に S が 数 いる/ある.
    A plain question leaves out だ: 駅は静か？
    """
    predicate = predicate_ja(s, register)
    end = "。" if not s.question else "か。" if register == "polite" else "？"
    if end == "？" and s.adjective is not None and predicate == f"{s.adjective.ja}だ":
        predicate = s.adjective.ja
    if s.kind == "exist":
        count = "" if s.number is None else count_ja(s.subject, s.number)
        return f"{place_ja(s)}に{s.subject.ja}が{count}{predicate}{end}"
    time = s.time.ja_phrase if s.time else ""
    place = f"{s.place.ja}{'に' if s.kind == 'go' else 'で'}" if s.place else ""
    thing = f"{s.object.ja}を" if s.object else ""
    return f"{s.subject.ja}は{time}{place}{thing}{predicate}{end}"


def copula_answer_ja(text: str, register: Register = "polite") -> str:
    """A word as a whole answer: 公園です。 or 公園だ。"""
    return f"{text}{copula_ja(register)}。"


def is_plural(noun: Word) -> bool:
    """Whether an English verb agrees with it as a plural: they, shoes (and we, you)."""
    return noun.article == "pair" or (noun.article == "pro" and noun.en in _PLURAL_BE)


def plain_agreement(noun: Word) -> bool:
    """Whether an English verb stays in its base form after it: I, you, we, they, shoes."""
    return noun.en == "I" or is_plural(noun)


def _be(s: Sentence) -> str:
    if s.kind == "exist":
        many = is_plural(s.subject) if s.number is None else s.number != 1
    elif s.subject.en == "I":
        return "was" if s.past else "am"
    else:
        many = is_plural(s.subject)
    return ("were" if many else "was") if s.past else ("are" if many else "is")


def _auxiliary(s: Sentence) -> str:
    if s.will:
        return "will"
    return "did" if s.past else "do" if plain_agreement(s.subject) else "does"


def _verb_en(s: Sentence) -> str:
    """The English verb group of a do or go sentence, without a question's auxiliary."""
    verb = s.verb
    assert verb is not None
    if s.negative:
        return f"not {verb.en}" if s.question else f"{_auxiliary(s)} not {verb.en}"
    if s.question:
        return verb.en
    if s.will:
        return f"will {verb.en}"
    return verb.past if s.past else verb.en if plain_agreement(s.subject) else verb.third


def _exist_en(s: Sentence) -> str:
    what, negation = there_en(s.subject, s.negative), ""
    if s.number is not None:
        what, negation = count_en(s.subject, s.number), " not" if s.negative else ""
    be, place = _be(s), place_en(s, preposition=True)
    if s.question:
        return f"{be.capitalize()} there{negation} {what} {place}?"
    return f"There {be}{negation} {what} {place}."


def english(s: Sentence) -> str:
    """The sentence in English; ends with . or ?. S V O at P T; there is/are for exist.

    The present is the simple present (eats), a time to come takes will, denial is never contracted.
    """
    if s.kind == "exist":
        return _exist_en(s)
    subject = noun_en(s.subject)
    if s.adjective is not None:
        negation = " not" if s.negative else ""
        if s.question:
            return f"{_be(s).capitalize()} {subject}{negation} {s.adjective.en}?"
        return f"{subject[0].upper()}{subject[1:]} {_be(s)}{negation} {s.adjective.en}."
    parts = [subject, _verb_en(s), object_en(s), place_en(s, preposition=True), time_en(s)]
    if s.question:
        parts.insert(0, _auxiliary(s))
    text = " ".join(part for part in parts if part)
    return f"{text[0].upper()}{text[1:]}{'?' if s.question else '.'}"
