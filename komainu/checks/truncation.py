"""Truncation: answers that stop before their end."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.checks.language import counts, language_of
from komainu.checks.register import sentence_register
from komainu.checks.scripts import HAN, KANA, LATIN, has_kana
from komainu.checks.text import is_item, sentences, without_code, without_links, word_set
from komainu.rows import Chat

_OPEN = {
    "「": "」",
    "『": "』",
    "（": "）",
    "(": ")",
    "“": "”",
    "【": "】",
    "［": "］",
    "[": "]",
    "{": "}",
    "《": "》",
}
_CLOSE = {v: k for k, v in _OPEN.items()}
_SMILE = re.compile(r"[:;=8][-']?[(\[{]|(?<!\w)[(（][^()（）\n]{0,12}[;；:^´`'≧≦∀ω・_][^()（）\n]{0,12}$")
_FINAL = re.compile(r"[。．.!?！？…‥♪☆★~〜～:：;；」』）)\]】》”\"'’*_`|$>]$")
_EMOJI = re.compile(f"[^\\w\\s{KANA}{HAN}、，,・/／-]$|(?<![A-Za-z])[wWｗ]+$|[笑草]$")
_DANGLING_JA = re.compile(
    r"(?:[をがはへもに、，・]|[^ぁ-ん](?:で|と|の|や|から|まで|より)|って|っ|ッ|[たかさらまわばがな]なか|まし|でし|ませ|"
    r"ですが、|ていま|なさ|くださ|でしょ)$"
)
_FINISHED_ONCE = re.compile(
    r"(?:よりも|どうも|とても|さようなら|こんにちは|こんばんは|ではまた|または|いずれも|誰も|何も|"
    r"お元気で|には|なの[に]|ために|一緒に|ように|とくに|特に|かも|[気感]が|のでは|とか)$"
)
_COUNTED = re.compile(r"[をがは](?:[\d０-９,.]+|[一二三四五六七八九十百千万零〇数何半]+).{0,3}$")
_NO_STOP = "no final punctuation"
_DANGLING_EN = word_set(
    "the a an of to and or but in with for from at by as that which is are was were be my your his "
    "her its our their "
    "this these if because than into very not will would can could should has have had does do did about"
)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|am|do|does|did|has|have|had|will|would|can|could|should|may|might|must|"
    r"isn't|don't|didn't|"
    r"doesn't|won't|can't|it's|that's|i'm|he's|she's|they're|we're|you're|i|he|she|they|we|you|it|there)\b",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Truncation(Check):
    """Fails on an answer that breaks off.

    Seen: an unclosed code fence or JSON value, a bracket or quotation mark left open in the last paragraph; a
    last line that ends in a comma, a hyphen, a particle, a conjugation stem or a word that needs a next one; a
    last sentence without final punctuation where it has subject or object but no finished predicate
    (Japanese), or where it is a full English sentence. In a translation also any end without punctuation when
    every line of the question has it.
    Names, words, numbers, titles, verse, list items, headings, table rows, chat in finished predicates without
    a full stop, and a text repeated because `meta["format"]` asks for it all pass.
    Not covered: a text cut exactly after a finished sentence, and a short answer cut to a shorter one.
    """

    def fault(self, text: str, chat: Chat) -> str:
        wanted = chat.meta.get("format")
        if isinstance(wanted, dict) and wanted.get("kind") == "repeat":
            return ""
        text = text.rstrip()
        if len(re.findall(r"^[ \t]*```", text, re.M)) % 2:
            return "code fence not closed"
        if text[0] in "{[" and _is_open_json(text):
            return "JSON not closed"
        words = without_code(text)
        bare = without_links(text).rstrip()
        mark = unclosed(re.split(r"\n\s*\n", bare)[-1])
        if mark and unclosed(bare):
            return f"{mark} not closed"
        last = words.rstrip().rsplit("\n", 1)[-1].strip()
        if not last or len(words.rstrip()) < len(text):
            return ""
        why = _breaks_off(last)
        if why and not (why == _NO_STOP and _is_verse(words)):
            return f"{why}, {shown(last[-20:])}"
        if str(chat.meta.get("task", "")).startswith("translate_") and _lost_full_stop(last, chat):
            return f"no final punctuation, {shown(last[-20:])}"
        return ""


def unclosed(text: str) -> str:
    """The first bracket or quotation mark that is opened and never closed; "" when there is none.

    A closing mark without an opening one is no fault here (list labels: `a)`), nor is an emoticon.
    """
    waiting: list[str] = []
    count: Counter[str] = Counter()  # of what waits, which may be a loop's thousands
    for c in _SMILE.sub(" ", text):
        if c in _OPEN:
            waiting.append(c)
            count[c] += 1
        elif c in _CLOSE and count[_CLOSE[c]]:
            last = ""
            while last != _CLOSE[c]:
                last = waiting.pop()
                count[last] -= 1
    if waiting:
        return waiting[0]
    straight = re.findall(r'(?<![\d”"])"', text)
    return '"' if len(straight) % 2 and not re.search(r'\d"', text) else ""


def _is_open_json(text: str) -> bool:
    """Whether text that starts like JSON stops before its value is complete."""
    if not re.match(r'\{\s*(?:"|$)|\[\s*(?:["{\[\d]|$)', text):
        return False
    try:
        json.JSONDecoder().raw_decode(text)
    except RecursionError:
        return False
    except json.JSONDecodeError as e:
        return e.pos >= len(text) - 1 or e.msg.startswith("Unterminated string")
    return False


def _breaks_off(line: str) -> str:
    """Why the last line is no end; "" when it may be one."""
    if _FINAL.search(line) or line.startswith(("#", "|", ">")) or is_item(line):
        return "ends in a comma" if line.endswith(("、", "，", ",")) else ""
    if line.endswith(("、", "，", ",")):
        return "ends in a comma"
    if re.search(rf"[{LATIN}]-$", line):
        return "ends in a hyphen"
    if _EMOJI.search(line):
        return ""
    if has_kana(line):
        return _breaks_off_ja(line)
    return _breaks_off_en(line) if language_of(line) == "en" else ""


def _breaks_off_ja(line: str) -> str:
    last = (sentences(line) or [line])[-1]
    if sentence_register(last) != "none" or len(last) < 4:
        return ""
    if re.fullmatch(r".{1,10}より", last) or _COUNTED.search(last):  # the signature of a letter; 本を五冊
        return ""
    if _DANGLING_JA.search(last) and not _FINISHED_ONCE.search(last):
        return "ends in mid-sentence"
    return "no finished predicate" if len(last) >= 7 and re.search(r"を|(?<=[^ぁ-ん])[がは](?=[^ぁ-ん])", last) else ""


def _breaks_off_en(line: str) -> str:
    words = re.findall(rf"[{LATIN}\d'’-]+", (sentences(line) or [line])[-1])
    if len(words) < 2 or (len(words) == 2 and line.islower()):
        return ""
    if words[-1].lower() in _DANGLING_EN:
        return "ends in mid-sentence"
    small = [w for w in words[1:] if counts(w) and len(w) > 3]
    title = bool(small) and sum(w[0].isupper() for w in small) > len(small) / 2
    full = len(words) >= 4 and words[0][0].isupper() and not title and _FINITE.search(" ".join(words))
    return _NO_STOP if full else ""


def _is_verse(text: str) -> bool:
    """Whether most lines before the last end without punctuation too, as in a poem or a slogan."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][:-1]
    return len(lines) >= 2 and 2 * sum(not _FINAL.search(line) for line in lines) >= len(lines)


def _lost_full_stop(line: str, chat: Chat) -> bool:
    """Whether every line of the question ends in punctuation, and the translation does not."""
    asked = chat.prompt[-1].content.strip() if chat.prompt else ""
    ends = [re.search(r"[。.!?！？」』\"”]\s*$", x) is not None for x in asked.splitlines() if x.strip()]
    return bool(ends) and all(ends) and not _FINAL.search(line) and not _EMOJI.search(line)
