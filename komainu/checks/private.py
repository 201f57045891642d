"""Private: personal data and secrets by their form, where they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from komainu.checks.base import Check
from komainu.rows import Chat

_NARROW = str.maketrans(
    {i + 0xFEE0: chr(i) for i in range(0x21, 0x7F)} | dict.fromkeys(map(ord, "‐‑‒–—−ー－"), "-") | {0x3000: " "}
)
_RESERVED = re.compile(r"@(?:.*\.)?(?:example\.(?:com|org|net)|example|test|invalid|localhost)$", re.I)  # RFC 2606
_CARD = re.compile(r"3[47]\d{13}|(?:4|5[1-5]|2[2-7]|35|6011|65)\d+")
_CARD_LENGTHS = {"3": (15, 16), "4": (13, 16, 19)}
_EMPTY = re.compile(r"x{3}|\*|your|example|changeme|\.\.\.|<", re.I)
_PREFECTURE = r"(?:東京都|北海道|(?:京都|大阪)府|[一-鿿]{2,3}県)"
_TOWN = r"(?:[一-鿿]{1,8}\d{1,2}条)?[一-鿿々ヶケノァ-ヶ]{1,14}?(?<![第内外])"
_NUMBER = r"\d{1,4}(?:-\d{1,4}|丁目?|番地?|号|の\d{1,4})(?:[-の]?\d{1,4}(?:丁目?|番地?|号)?){0,3}"
_STREET = r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl)\b\.?"


class Found(NamedTuple):
    """One stretch of a text, in characters, and what it is: a word of `KINDS`."""

    start: int
    end: int
    kind: str


def luhn(digits: str) -> bool:
    """Whether the last digit of a card number is right (ISO/IEC 7812-1, annex B)."""
    doubled = [int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def my_number(digits: str) -> bool:
    """Whether the check digit of a Japanese individual number of 12 digits is right (ordinance 85 of 2014)."""
    weighed = sum(int(c) * (i + 1 if i <= 6 else i - 5) for i, c in enumerate(digits[-2::-1], 1))
    return int(digits[-1]) == (0 if weighed % 11 <= 1 else 11 - weighed % 11)


def _bare(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_card(text: str) -> bool:
    digits = _bare(text)
    lengths = _CARD_LENGTHS.get(digits[0], (16,))
    return len(digits) in lengths and _CARD.fullmatch(digits) is not None and luhn(digits)


def _is_key(text: str) -> bool:
    return len(set(text)) >= 8 and not _EMPTY.search(text)


def _is_secret(text: str) -> bool:
    """Whether what is assigned to a name like password is a value that no one would type as a word."""
    return _is_key(text) and bool(re.search(r"\d", text) and re.search(r"[A-Za-z]", text))


def _is_phone(text: str) -> bool:
    digits = _bare(text)
    return 9 <= len(digits) <= 15 and len(set(digits)) >= 4


class Rule(NamedTuple):
    """A kind, its pattern, and what else must hold. A group named `it` is the stretch; else the whole match."""

    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = bool


def _rule(kind: str, pattern: str, holds: Callable[[str], bool] = bool, flags: int = 0) -> Rule:
    return Rule(kind, re.compile(pattern, flags), holds)


RULES = (  # the first that takes a stretch keeps it
    _rule(
        "private_key",
        r"-----BEGIN (?P<k>[A-Z ]*PRIVATE KEY(?: BLOCK)?)-----\s.*?(?:-----END (?P=k)-----|\Z)",
        flags=re.S,
    ),
    _rule("jwt", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}", flags=re.A),
    _rule(
        "key",
        r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{60,}|glpat-[\w-]{20,}|"
        r"sk-(?:proj-|ant-|or-)?[\w-]{20,}|AIza[\w-]{35}|xox[abprs]-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|"
        r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{36}|SG\.[\w-]{22}\.[\w-]{43}|pypi-AgEI[\w-]{40,})"
        r"(?![A-Za-z0-9])",
        _is_key,
        re.A,
    ),
    _rule(
        "key",
        r"(?:api_?key|secret(?:_?key)?|access_?key|token|passw(?:or)?d|パスワ-ド)[\"']?\s*[:=は]\s*[\"']?"
        r"(?P<it>[A-Za-z0-9+/_-]{12,}={0,2})(?![\w.(\[])",
        _is_secret,
        re.I | re.A,
    ),
    _rule("key", r"\b[a-z][a-z+]{2,15}://[^\s:/@]{1,64}:(?P<it>[^\s:/@]{6,128})@", _is_secret),
    _rule(
        "email",
        r"(?<![\w.+-])[A-Za-z0-9_](?:[\w.+-]{0,63})@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w@:])",
        lambda text: not _RESERVED.search(text),
        re.A,
    ),
    _rule("card", r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]\d|\d)", _is_card),
    _rule(
        "my_number",
        r"(?:マイナンバ-|個人番号|\bmy number\b|\bindividual number\b)\D{0,12}(?:12\D{1,3})?"
        r"(?P<it>\d{4}([ -]?)\d{4}\2\d{4})(?!\d)",
        lambda text: len(set(text)) > 3 and my_number(_bare(text)),
        re.I,
    ),
    _rule(
        "address",
        rf"(?:〒\s?\d{{3}}-\d{{4}}\s*)?{_PREFECTURE}[一-鿿々ヶケノぁ-んァ-ヶ]{{1,6}}?[市区郡町村]{_TOWN}{_NUMBER}",
    ),
    _rule("address", rf"[一-鿿]{{2,4}}市[一-鿿]{{1,4}}[区町]{_TOWN}{_NUMBER}"),
    _rule("address", r"〒\s?\d{3}-?\d{4}(?!\d)"),
    _rule("address", rf"\b\d{{1,5}} (?:[A-Z][a-z]+ ){{1,3}}{_STREET},? [A-Z][A-Za-z. ]{{2,24}}, [A-Z]{{2}} \d{{5}}\b"),
    _rule("phone", r"(?<![\w+])\+\d{1,3}[ -]?(?:\(\d{1,4}\)[ -]?)?\d(?:[ -]?\d){6,12}(?!\d)", _is_phone),
    _rule("phone", r"(?<![\d-])0(?:[5789]0|120)([ -])\d{3,4}\1\d{3,4}(?![\d-])", _is_phone),
    _rule(
        "phone",
        r"(?<![\d-])(?:\(0\d{1,4}\) ?|0\d{1,4}[-(])\d{1,4}[-)]\d{4}(?![\d-])",
        lambda t: _is_phone(t) and len(_bare(t)) == 10,
    ),
    _rule("phone", r"(?<![\d-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}-)[2-9]\d{2}-\d{4}(?![\d-])", _is_phone),
    _rule("phone", r"(?<!\d)0[789]0\d{8}(?!\d)", _is_phone),
)
KINDS = tuple(dict.fromkeys(rule.kind for rule in RULES))


def private(text: str, kinds: tuple[str, ...] = KINDS) -> list[Found]:
    """Where `text` has personal data or secrets of these kinds, in order and without overlap.

    Full-width letters and digits count as their ASCII ones. E-mail addresses of reserved domains, documented sample
    keys and numbers of one or two digits are none; a card needs its check digit, an individual number also its name
    before it. Not covered: names, birthdays, IP addresses, account numbers, addresses without a house number or in
    other countries' forms, keys that carry no known prefix or name.
    """
    narrow = text.translate(_NARROW)
    found: list[Found] = []
    for rule in RULES:
        if rule.kind not in kinds:
            continue
        group = "it" if "it" in rule.pattern.groupindex else 0
        for match in rule.pattern.finditer(narrow):
            start, end = match.span(group)
            if rule.holds(match[group]) and not any(f.start < end and start < f.end for f in found):
                found.append(Found(start, end, rule.kind))
    return sorted(found)


def masked(text: str, found: list[Found]) -> str:
    """`text` with each stretch replaced by its kind: `[EMAIL]`."""
    for start, end, kind in reversed(found):
        text = f"{text[:start]}[{kind.upper()}]{text[end:]}"
    return text


@dataclass(frozen=True, kw_only=True)
class Private(Check):
    """Fails when the answer has personal data or a secret of `kinds`; see `private`. The reason never shows it."""

    kinds: tuple[str, ...] = KINDS

    def fault(self, text: str, chat: Chat) -> str:
        return ", ".join(dict.fromkeys(f.kind for f in private(text, self.kinds)))
