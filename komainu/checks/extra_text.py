"""Extra text: prefaces, notes, labels and wrappers around an answer that should be nothing but the result."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.checks.scripts import HAN, KANA, LATIN
from komainu.checks.text import without_code
from komainu.rows import Chat

_YES_JA = (
    r"(?:はい|ええ|もちろん(?:です)?|(?:承知|了解)(?:いたし|し)ました|了解(?:です)?|"
    r"かしこまりました|わかりました|分かりました|喜んで)"
)
_YES_EN = (
    r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|yes|no problem|got it|understood|gladly|happy to help)"
)
_LANG = r"(?:日本語|英語|和文|英文|japanese|english|german|french|chinese)"
_DO_JA = (
    r"(?:翻訳|和訳|英訳|訳し|お訳し|回答|お答え|言い換え|書き換え|変換)"
    r"(?:し|いたし|させて(?:いただき|頂き))?(?:ます|ました|ましょう|てみます|てみました|ますね)"
)
_THING_JA = r"(?:(?:この|以下の|次の|その|ご依頼の|お尋ねの|元の)?(?:文章?|テキスト|英文|和文|原文|文)を?[、は]?)?"
_NOUN_JA = r"(?:翻訳(?:文|結果)?|和訳|英訳|訳文?|対訳|回答|答え|解答|結果|日本語訳|英語訳)"
_NOUN_EN = (
    r"(?:translation|answer|result|output|rendering|(?:japanese|english)(?: version| translation)?|"
    r"translated (?:text|sentence))"
)

_PREFACES = tuple(
    re.compile(p, re.I)
    for p in (
        # はい、翻訳します。/ では、日本語に訳します：
        rf"(?:{_YES_JA}[、。,!！\s]*)?(?:それでは|では)?[、,\s]*{_THING_JA}(?:{_LANG}(?:に|へ|"
        rf"で))?{_DO_JA}[^。：:!！\n]{{0,6}}[。：:!！\n]\s*\S",
        # もちろんです！\n… , 承知しました：… : an acknowledgement on its own line, or before a colon
        rf"{_YES_JA}[^\n。！!：:]{{0,12}}[。！!]?\s*(?:\n|[：:])\s*\S",
        # 以下が翻訳です。/ こちらが訳文になります：/ 次のように訳せます
        rf"(?:{_YES_JA}[、。,!！\s]*)?(?:以下|次|こちら|下記)(?:が|は|に|の|のように|"
        rf"の通り)[^\n。：:]{{0,16}}"
        rf"(?:{_NOUN_JA}|訳|{_LANG}|通り|とおり|よう)[^\n。：:]{{0,12}}[。：:\n]",
        # 訳は次のとおりです。/ この文は「…」と訳せます。
        rf"(?:{_YES_JA}[、。,!！\s]*)?(?:{_NOUN_JA}|訳)は(?:次|以下|こちら|下記|「)",
        r"(?:この|上の|その|ご依頼の)(?:文章?|英文|和文|フレーズ|表現)は[^\n。「]{0,14}[「\"“]",
        # 日本語に訳すと、/ 英語では：/ 翻訳すると次のようになります。
        rf"{_THING_JA}(?:{_LANG}(?:に|へ|で)[はも]?)?(?:訳す|翻訳する|直す|言う|する|"
        rf"訳した場合)と[、,：:\s]*[「\"“\n]",
        rf"{_THING_JA}(?:{_LANG}(?:に|へ|で)[はも]?)?(?:訳す|翻訳する|直す)と(?:[、,]|次のように|"
        rf"以下のように|こうなります)",
        rf"{_LANG}(?:では|で言うと|にすると)[、,]?\s*[「\"“：:]",
        # 訳: / 【翻訳】 / Translation: / **English:** / (Japanese) …
        rf"[*_#\s【\[（(]*(?:{_NOUN_JA}|{_LANG}(?:訳|翻訳)?|{_NOUN_EN}|丁寧語?|丁寧体|普通体|敬語|"
        rf"カジュアル|フォーマル|formal|casual|"
        r"polite|informal|literal)[*_】\]）)\s]*[：:][*_\s]*\S?",
        rf"[*_#\s]*[【\[](?:{_NOUN_JA}|{_NOUN_EN}|{_LANG})[】\]]",
        # Sure, here is the translation: / Here's the Japanese version.
        rf"(?:{_YES_EN}[,.!]*\s+)?(?:here(?:'s|’s| is| are| you go)|below is|"
        rf"the following is)\b[^\n.:]{{0,60}}"
        rf"\b(?:{_NOUN_EN}|sentence|text|translated)\b[^\n.:]{{0,40}}[.:\n]",
        rf"{_YES_EN}[,.!]*\s+(?:here|below|I(?:'ll|’ll| will| can| would)\s+(?:translate|help|"
        rf"be happy|answer)|let me|the translation)\b",
        rf"{_YES_EN}[.!:,]?\s*\n\s*\S",
        rf"{_YES_EN}\s*:\s*\S",
        r"(?:let me|I(?:'ll|’ll| will| have| 've|'ve)?) translated?\b[^\n.:]{0,40}[.:]\s*\S",
        rf"(?:the|this|your|a(?: possible| natural)?|my) [^\n.:]{{0,40}}?\b(?:{_NOUN_EN}|sentence|"
        rf"phrase)\b[^\n.:]{{0,40}}"
        rf"\b(?:is|would be|means|translates|in {_LANG} is|can be translated)\b[^\n.:]{{0,24}}[:\n\"“「]",
        r"in (?:japanese|english)\s*(?:[,:]|this (?:is|would be))\s*[\"“「:]?",
    )
)
_YES = re.compile(
    r"(?:もちろんです|(?:承知|了解)(?:いたし|し)ました|かしこまりました|sure(?: thing)?|certainly|"
    r"of course|absolutely|"
    r"understood|gladly|no problem|got it)[。.!！]\s*\S",
    re.I,
)
_YES_ASKED = re.compile(
    r"はい|ええ|うん|もちろん|承知|かしこまり|了解|分か|わか|いいよ|いいとも|よし|オーケー|大丈夫|"
    r"確か|喜んで|絶対|"
    r"\b(?:yes|yeah|yep|sure|certainly|of course|absolutely|ok|okay|no problem|got it|understood|"
    r"i see|i understand|gladly|all right)\b",
    re.I,
)
_META = re.compile(
    r"訳|原文|敬語|丁寧|カジュアル|フォーマル|ニュアンス|文脈|注[:：]|注釈|補足|読み方|ローマ字|"
    r"意味|直前|英語では|日本語では|"
    r"\b(?:translat\w*|literal\w*|formal|informal|casual|polite\w*|meaning|means|lit|nuance|romaji|"
    r"romanized|pronounc\w*|"
    r"note|notes|n\.b|tn|t/n|context|original|register)\b",
    re.I,
)
_NOTE = re.compile(
    r"^[\s(（\[【※*_>-]*(?:注釈?|註|訳注|訳者注|補足(?:説明)?|備考|メモ|ノート|参考|解説|説明|"
    r"ポイント|読み方?|ローマ字|発音|直訳|意訳|"
    r"注意(?:点)?|別訳|原文|note|notes|n\.?b\.?|t/?n|translator'?s? notes?|translation notes?|"
    r"explanation|literal(?:ly)?|romaji|"
    r"romanization|pronunciation|reading|alternative(?:ly)?|breakdown|original|context|source|"
    r"p\.?s\.?)[*_】\]）)\s]*[：:.]"
    r"|^\s*※|^\s*(?:または|あるいは|もしくは)[、：:,\s]|^\s*(?:alternatively|or,? (?:more|"
    r"less) (?:formally|casually|politely|naturally))\b",
    re.I,
)
_AFTERTHOUGHT = re.compile(
    r"^(?:(?:この|上記の|上の|今回の)(?:翻訳|訳|文|表現|日本語|英文|回答)(?:文|語)?(?:は|では|"
    r"で)[^。\n]*(?:訳|表現|丁寧|意味|ニュアンス|自然|使|原文)"
    r"|以上(?:です|が|、|になります)|(?:他|ほか)に(?:も|何か)?[^。\n]*(?:ご?質問|訳|お手伝い|"
    r"お知らせ|お尋ね)|お役に立て|ご不明な?点|何かあれば|"
    r"ご質問があれば|いかがでしょうか|参考になれば|"
    r"[「『][^」』\n]{1,40}[」』]は[^。\n]*(?:という意味|を意味|と訳|の訳|を指|を表)|と訳せます|"
    r"という意味です"
    r"|(?:let me know|i hope (?:this|that|it)|hope (?:this|that) helps|feel free|"
    r"please (?:let me know|note)|is there anything|would you like"
    r"|if you (?:need|have|want|would)[^.\n]*(?:translat|question|help|else|version)|"
    r"this (?:translation|sentence|phrase|version|is a (?:literal|natural|more|polite|formal))"
    r"|(?:i|i've|i have) (?:translated|used|chose|kept|rendered)|(?:here|in this (?:sentence|"
    r"translation|context)),? [^.\n]*\b(?:means|refers|used|translat)"
    r"|[\"“「'][^\"”」'\n]{1,40}[\"”」'] (?:is|means|refers|can be|translates|was translated)|"
    r"the (?:translation|word|phrase|sentence|particle|verb|term|original)\b))",
    re.I,
)
_BRACKETS = re.compile(r"（[^（）]{1,300}）|\([^()]{1,300}\)|【[^【】]{1,300}】|\[[^\[\]]{1,300}\]")
_WRAPS = ("「」", "『』", '""', "“”", "''", "‘’", "**", "``", "《》")
_LATIN_WORDS = re.compile(rf"[{LATIN}]{{2,}}")
_CJK = re.compile(f"[{KANA}{HAN}]")
_PARTS = re.compile(r"(?<=[。！？!?])\s*|(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, kw_only=True)
class ExtraText(Check):
    """Fails on text around the result, when the task calls for the bare result.

    Judged only when `meta["task"]` starts with "translate_" or `meta["bare"]` is true. Seen: acknowledgements
    and prefaces, labels, notes and other versions after the result, brackets about the wording or in the other
    language, quotation marks or markup around everything, the source repeated beside its translation.
    A label or bracket that the question's own text has is part of what was to be translated.
    Not covered: chatter that speaks neither of the task nor of the answer.
    """

    def fault(self, text: str, chat: Chat) -> str:
        translation = str(chat.meta.get("task", "")).startswith("translate_")
        if not (translation or chat.meta.get("bare") is True):
            return ""
        asked = chat.prompt[-1].content if chat.prompt else ""
        found = preface(text, asked) or wrapper(text, asked) or note(text, asked)
        if not found and translation:
            found = other_language(text, asked, str(chat.meta.get("lang", "")))
        return found


def preface(text: str, asked: str = "") -> str:
    """The words before the result, described; "" when there are none, or when the source itself says yes."""
    start = text.lstrip()[:400]
    for pattern in _PREFACES:
        if m := pattern.match(start):
            return f"preface {shown(m[0].strip())}"
    if (m := _YES.match(start)) and not _YES_ASKED.search(asked):
        return f"preface {shown(m[0][:-1].strip())}"
    return ""


def note(text: str, asked: str = "") -> str:
    """A remark after the result or in brackets within it, described; "" when there is none."""
    parts = [p for p in _PARTS.split(without_code(text).strip()) if p and p.strip()]
    for i, part in enumerate(parts):
        if part.strip() not in asked and (_NOTE.match(part) or (i and _AFTERTHOUGHT.match(part.strip()))):
            return f"note {shown(part.strip())}"
    for bracket in _BRACKETS.findall(text):
        if _META.search(bracket) and bracket[1:-1] not in asked and not re.search(r"[(（\[【]", asked):
            return f"note {shown(bracket)}"
    return ""


def wrapper(text: str, asked: str = "") -> str:
    """What stands around the whole result, described; "" when nothing does, or when the source has it too."""
    body = text.strip()
    if body.startswith("```"):
        return "wrapper '```'"
    for pair in _WRAPS:
        opening, closing = pair[0], pair[1]
        inner = body[1:-1]
        if len(body) < 3 or not (body.startswith(opening) and body.endswith(closing)):
            continue
        if opening == "*":
            inner = body.strip("*")
        if opening in inner or closing in inner:
            continue
        lines = [line.strip() for line in asked.splitlines()]
        if any(len(x) > 2 and x[0] in "「『\"“'‘《" and x[-1] in "」』\"”'’》" for x in lines):
            continue
        return f"wrapper {shown(pair)}"
    return ""


def other_language(text: str, asked: str, lang: str) -> str:
    """The source repeated, or a reading or gloss in brackets, in an answer in `lang`; "" when there is none."""
    if lang not in ("ja", "en"):
        return ""
    for bracket in _BRACKETS.findall(text):
        foreign = len(_LATIN_WORDS.findall(bracket)) >= 3 if lang == "ja" else len(_CJK.findall(bracket)) >= 2
        if foreign and not re.search(r"[(（\[【]", asked):
            return f"gloss {shown(bracket)}"
    if (arrow := re.search(r"→|⇒|=>|->", text)) and arrow[0] not in asked:
        return f"source before {shown(arrow[0])}"
    runs = re.findall(
        rf"[{LATIN}][{LATIN}\d'’,]*(?:[ ,]+[{LATIN}\d'’]+){{3,}}" if lang == "ja" else rf"[{KANA}{HAN}ー、]{{6,}}",
        text,
    )
    for run in runs:
        if run in asked:
            return f"source {shown(run)}"
    return ""
