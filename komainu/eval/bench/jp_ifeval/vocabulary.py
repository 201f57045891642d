"""Words an answer must have or must not have: season words, onomatopoeia, pronouns, keywords."""

from __future__ import annotations

import re
from functools import cache

from komainu.checks.text import word_set
from komainu.eval.bench.jp_ifeval.kana import composed, hiragana, is_kana
from komainu.eval.bench.jp_ifeval.lexicon import tokens
from komainu.eval.bench.jp_ifeval.pieces import items
from komainu.eval.bench.jp_ifeval.tables import rows, words

FIRST = word_set(
    "私 わたし ワタシ わたくし あたし アタシ あたくし 僕 ぼく ボク 俺 おれ オレ 我 われ 我々 われわれ わし ワシ 儂",
    "おいら オイラ 拙者 吾輩 我輩 わがはい 小生 当方 余 俺様 オレ様 僕ら 俺ら 私達 僕達",
)
OTHERS = word_set(
    "あなた あんた 貴方 貴女 君 きみ キミ お前 おまえ オマエ 貴様 てめえ そなた 彼 彼女 彼ら かれ かのじょ 彼女ら"
)
_REPEATED = re.compile(r"((?:[ぁ-ゔー][ゃゅょぁぃぅぇぉ]?){2})\1")
_NOT_SOUND = word_set(  # words that repeat themselves without painting a sound or a manner
    "いろいろ ますます たまたま わざわざ いよいよ まあまあ なかなか そもそも もともと まだまだ いちいち つぎつぎ",
    "おのおの しばしば つくづく われわれ なになに これこれ あれあれ それそれ はいはい よくよく まずまず みなみな",
    "やまやま くにくに みちみち あとあと うちうち さきさき いまいま だれだれ ものもの たびたび だんだん べつべつ",
    "もしもし いえいえ",
)


def season_words(response: str, *, season: str, count: int) -> bool:
    """Exactly so many different season words (季語) of the season in our list, and nothing else."""
    found = [hiragana(item) for item in items(response)]
    known = {spelling: n for n, spellings in enumerate(season_list(season)) for spelling in spellings}
    return len(found) == count and all(w in known for w in found) and len({known[w] for w in found}) == count


def season_used(response: str, *, season: str) -> bool:
    """A season word of the season is there, by our list; one inside a longer season word (雪 in 雪解け) is not.

    A single kanji counts where the dictionary has it as a word (not 月 in 来月), one or two kana at the start of a
    line or a part of it, where they cannot be a piece of another word.
    """
    text = hiragana(composed(response))
    alone = {t.surface for t in tokens(text)}
    starts = {m.end() for m in re.finditer(r"^[「『（\s]*|[\s　、。，/／・]+", text, re.MULTILINE)}
    for found in _every_season_word().finditer(text):
        word = found[0]
        whole = len(word) > 2 or found.start() in starts if is_kana(word) else len(word) > 1 or word in alone
        if whole and any(word in spellings for spellings in season_list(season)):
            return True
    return False


@cache
def season_list(season: str) -> tuple[frozenset[str], ...]:
    """The season words, each as all its spellings, katakana as hiragana."""
    return tuple(frozenset(map(hiragana, word.split("/"))) for word in words("seasons", season))


@cache
def _every_season_word() -> re.Pattern[str]:
    spellings = {s for season in rows("seasons") for word in season_list(season) for s in word}
    return re.compile("|".join(sorted(map(re.escape, spellings), key=lambda s: (-len(s), s))))


def onomatopoeia(response: str, *, count: int) -> bool:
    """At least so many different words that paint a sound or a manner: きらきら, ぴょんぴょん, or one of our list."""
    text = hiragana(composed(response))
    doubled = {m[0] for m in _REPEATED.finditer(text)} - _NOT_SOUND
    listed = {word for word in words("onomatopoeia", "list") if word in text}
    return len(doubled | listed) >= count


def exact_count(response: str, *, keyword: str, count: int) -> bool:
    """The keyword is there exactly so often, written just so, be it inside a longer word."""
    return composed(response).count(composed(keyword)) == count


def forbidden(response: str, *, words: list[str]) -> bool:
    """None of the words is there, be it inside a longer word; katakana are as hiragana."""
    text = hiragana(composed(response))
    return not any(hiragana(word) in text for word in words)


def pronoun(response: str, *, pronoun: str) -> bool:
    """The first-person pronoun is there, written just so, and no other one."""
    found = {t.surface for t in tokens(composed(response)) if t.pos[0] == "代名詞"} & FIRST
    return found == {pronoun}


def no_pronouns(response: str) -> bool:
    """No personal pronoun of the first, second or third person; 君 after a name is none, これ and そこ are none."""
    return not any(t.pos[0] == "代名詞" and t.surface in FIRST | OTHERS for t in tokens(composed(response)))
