"""Which language an answer was to be in, where neither its row nor the user says."""

from __future__ import annotations

import re

from komainu.checks.leaks.calls import calls, translates_into
from komainu.checks.scripts import has_kana
from komainu.data.tell_language import spoken, wanted
from komainu.rows import Chat

LOOKED_AT = ("ja", "en")
CALLED = {"latin": "en", "japanese": "ja", "chinese": "zh", "korean": "ko", "other": "other"}
ELSE = {  # what calls for an answer in a language that is looked for in none
    "zh": re.compile(r"\b(?:only|using?) (?:chinese|mandarin)\b", re.I),
    "ko": re.compile(r"\b(?:only|using?) korean\b", re.I),
    "other": re.compile(
        r"\blanguages?\b|lingual|translat|\b(?:in|into|to|only|using?|or|and) (?:danish|dutch|esperanto|finnish|french|"
        r"german|gujarati|hindi|hungarian|indonesian|italian|kannada|latin|malay|marathi|nepali|norwegian|polish|"
        r"portuguese|punjabi|romanian|spanish|swahili|swedish|tagalog|tamil|telugu|turkish|vietnamese)\b",
        re.I,
    ),
}


def tongue(turn: Chat, found: str) -> str:
    """The language that an answer in `found` (see `language_of`) is looked at as: "ja", "en" or "" (no other is).

    That is its own, but where its last request is in another one, or names another one for it, and nothing said
    before speaks of the one that it is in. A translation asked for is to be in the language that is asked for.
    Not covered: a wish that no word names (replies like a pen friend's), and a request in none of the two.
    """
    own = "ja" if found == "han" else found
    request = turn.prompt[-1].content
    wish = wanted(request)
    told = wish or spoken(request)
    if own in ("", told) or told not in LOOKED_AT:
        return own if found in LOOKED_AT else ""
    before = "\n".join(message.content for message in turn.prompt)
    named = {CALLED[name] for name in calls(before) if name in CALLED}
    named |= {name for name, pattern in ELSE.items() if pattern.search(before)}
    mixed = own == "ja" and not wish and has_kana(request)  # a Japanese question about an English text
    if (own in named or mixed) and not translates_into(request, told):
        return own if found in LOOKED_AT else ""
    only = (named & {*LOOKED_AT}) - {own}
    return only.pop() if len(only) == 1 and not wish else told
