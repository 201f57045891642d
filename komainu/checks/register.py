"""Register: is Japanese text polite (です, ます) or plain (だ, である, dictionary forms)?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.checks.scripts import HAN, JAPANESE, has_kana
from komainu.checks.text import is_item, prose, sentences, strip_item
from komainu.rows import Chat

_SPEECH = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”|\"[^\"\n]*\"")
_ASIDE = re.compile(r"[（(][^（）()]*[）)]")
_TAIL = re.compile(rf"(?:[^{JAPANESE}]|[ー゛゜])+$")  # punctuation, emoji, long marks, w
_ROLE = re.compile(  # the speech of a character, put after a finished predicate
    r"(?:でござる|でござ|ござる|でやんす|でげす|でごわす|でおじゃる|でありんす|[ざザ][まマ][すス]|"
    r"にゃ[んあぁ]?|ニャ[ンアァ]?|"
    r"だっちゃ|っちゃ|ぴょん|ピョン|ぽよ|ポヨ|げそ|ゲソ|デス)(?:よ|な|ね|ぞ|か)?$"
)
_LOOSE_ROLE = re.compile(  # the same, but also the end of ordinary words: taken off only when nothing else fits
    r"(?:わん|ワン|がおう?|ガオ|けろ|ケロ|コン|めぇ|メェ|モー?|もう|ぶひ|ブヒ|なり|ナリ|きゅ|ロボ|"
    r"のじゃ|じゃ|ぞよ|ばい|ごわす)"
    r"(?:よ|な|ね|ぞ|か)?$"
)
_PARTICLES = re.compile(
    r"(?:っけ|かな[あぁ]?|かしら|よね|[かねよなわぞぜさ][あぁぇ]?|けれども|けれど|けど|から|ので|"
    r"のに|(?<=[だす])もん|の|が|し|って)$"
)
_POLITE = re.compile(
    rf"(?:です|でした|でしょう|ませんでした|ません|(?:[いきぎしじちにびみりえけげせぜてでねへべめれ]|[{HAN}])"
    r"(?:ます|ました|ましょう|まして|ますまい)|(?:いらっしゃい|ください|下さい|なさい)ませ|ください|下さい|くださいますよう|ますよう|ですこと)$"
)
_NOT_POLITE = re.compile(r"(?:励|済|冷|覚|醒|悩|澄|騙|眩|晦|勝|はげ)(?:ます|ました|ましょう)$|きませ$")
_NOUN_IN_I = (
    "違思願買使扱狙祝争疑誓問戦救匂勢占笑迷習伝払誘会合災幸憩呪償集舞添縫追負賄背洗吸食覆酔慕装潤補競拾行失従位具"
)
_VERB_IN_KU = "書聞歩働置引泣焼着続開届動描抱磨弾履拭咲吹驚叩招築輝響解説除敷裂突付頂行巻抜炊抱吐向傾乾築貫省退嘆欺導"
_PLAIN = re.compile(
    r"(?:だ|だった|である|であった|だろう|であろう|ない|なかった|ねえ|ねぇ|たい|たかった|らしい|"
    r"っぽい|みたい|"
    r"(?:[っいしきぎちにびみりえけげせぜてねべめれじ]|[" + HAN + r"])た|んだ|いだ|まい|べし|じゃん|やん|"
    rf"しい|よい|良い|いい|[^{_NOUN_IN_I}ぁ-んァ-ヶー]い|"
    rf"[きさたなまらわかがば]い(?<!ください)(?<!たがい)(?<!ちがい)|"
    r"(?<=[^ぁ-ん])かった|[よなしいた]かった|"
    rf"[{HAN}っんぁ-ん][るぶむぬぐ]|[{HAN}きいしえけてべめれせ]る|[{_VERB_IN_KU}いおつづど]く|"
    rf"(?:[{HAN}]|[うくぐつぬぶむゆるわだがかまらやなたおよこもの])す|[{HAN}も]つ|"
    rf"[{HAN}いかしらわあおまぁ]う|[よおこそとのぼもろ]う|[せしえけべめれ]よ|"
    rf"[しみべめれけえせてげだ]ろ|ちゃう)$"
)
_NEITHER = re.compile(  # nouns, adverbs and greetings that look like a predicate
    r"(?:あなた|どなた|そなた|かなた|こなた|また|まだ|^ただ|かた|方|ふた|うた|さようなら|ありがとう|"
    r"おめでとう|おはよう|どうも?|"
    r"^こう|(?<![話出返殺探押貸直消渡])そう|もう|ほう|[のなう]よう|ぼう|とう|くらい|ぐらい|間違い|"
    r"違い|ところ|こころ|うしろ|ごろ|ちなみに|ごめんなさい|なさい|"
    r"おやすみなさい|いつ|[一二三四五六七八九幾]つ|ひとつ|ふたつ|みっつ|よっつ|いつつ|むっつ|ななつ|"
    r"やっつ|ここのつ|とお|"
    r"おいしそう|近く|遠く|多く|全く|よく|早く|さらなる|単なる|いわゆる|あらゆる|ある日|夜|"
    r"(?<!に)よる|ひる|はる|"
    r"こんばんわ|こんにちわ|いえいえ|はい|いいえ|もちろん|いぬ|おたがい|互い|てすう|つもり|お?願い)$"
)


@dataclass(frozen=True, kw_only=True)
class Register(Check):
    """Fails when a Japanese answer is in another register than `meta["register"]` ("polite" or "plain").

    A register that was not asked for, only preferred (`meta["preferred"]`), is enforced by
    `Register(preferred=True)` and left alone by `Register()`. Mixed registers fail too; text without a
    finished predicate (nouns, numbers, greetings, JSON) passes.
    """

    preferred: bool = False

    def fault(self, text: str, chat: Chat) -> str:
        asked = chat.meta.get("register")
        if asked not in ("polite", "plain") or chat.meta.get("lang", "ja") != "ja":
            return ""
        if chat.meta.get("preferred") and not self.preferred:
            return ""
        found = register_of(text)
        if found in ("none", asked):
            return ""
        other = next((s for s in _judged(text) if sentence_register(s) not in ("none", asked)), "")
        return f"{found} where {asked} was asked for, {shown(other)}"


def register_of(text: str) -> str:
    """ "polite", "plain", "mixed" or "none" (no Japanese sentence with a finished predicate).

    One stray sentence among five or more does not make a text mixed. Speech inside quotation marks is
    somebody else's unless the text is nothing but speech. List items and headings count only where there is
    no running sentence, since polite texts keep them plain.
    """
    found = [sentence_register(s) for s in _judged(text)]
    polite, plain = found.count("polite"), found.count("plain")
    if not polite and not plain:
        return "none"
    if polite >= 4 * plain:
        return "polite"
    return "plain" if plain >= 4 * polite else "mixed"


def _judged(text: str) -> list[str]:
    """The sentences that a text's register is read from."""
    lines = prose(text).splitlines()
    outside = [_SPEECH.sub("", line) for line in lines]
    if not has_kana("".join(outside)):
        outside = [re.sub(r"[「」『』“”\"]", " ", line) for line in lines]
    running = [
        s for line in outside if not is_item(line) and not line.lstrip().startswith("#") for s in sentences(line)
    ]
    if any(sentence_register(s) != "none" for s in running):
        return running
    return [s for line in outside for s in sentences(strip_item(line))]


def sentence_register(sentence: str) -> str:
    """ "polite", "plain" or "none" of one sentence, read from the last auxiliary of its last predicate.

    Endings of a role (にゃ, でござる), final particles (か, ね, よ), emoji and asides in brackets are taken off
    first: 行きますにゃ is polite, 行くでござる plain. Not covered: predicates that look like nouns in their
    writing (違い), requests in て, and honorific verbs without です or ます, which are plain here.
    """
    s = _TAIL.sub("", _ASIDE.sub("", sentence))
    for _ in range(4):
        s = _TAIL.sub("", _ROLE.sub("", s))
        found = _ending(s)
        if found:
            return found
        shorter = _PARTICLES.sub("", s)
        if shorter == s:
            shorter = _LOOSE_ROLE.sub("", s)
        shorter = _TAIL.sub("", shorter)
        if shorter == s or not shorter:
            break
        s = shorter
    return "none"


def _ending(s: str) -> str:
    if _POLITE.search(s) and not _NOT_POLITE.search(s):
        return "polite"
    if _NEITHER.search(s):
        return ""
    return "plain" if _PLAIN.search(s) or _NOT_POLITE.search(s) else ""
