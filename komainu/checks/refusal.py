"""Refusal: the model declines, or says that it is unable, and gives nothing of what was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.checks.text import blank, sentences, without_code
from komainu.rows import Chat

OPENING = 4  # sentences in which an answer says that it refuses
HEAD = 800  # characters in which those sentences begin
CONTENT = 120  # units of other text after which an answer has given something; a character of Latin text is half a unit
_QUOTED = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”|\"[^\"\n]*\"|（[^（）]*）|\([^()]*\)|^>.*$", re.M)
_LETTER = re.compile(
    r"^(?:Dear\b|Subject:|件名|拝啓|お世話になっております)|^(?:Sincerely|Best(?: regards)?|敬具),?$", re.M
)
_ASK = (
    r"(?:お?手伝い|お?答え|お?応え|回答|返答|応答|対応|提供|お?伝え|お?教え|ご?案内|作成|生成|お?受け|推薦|推奨|"
    r"支持|アクセス|閲覧|要約|診断|予想|"
    r"予測|助言|アドバイス|共有|公開|サポート|協力|支援|実行|翻訳|ご?紹介|説明|執筆|継続|コメント|お?話し|取得|開示|"
    r"遵守|応じる|電話)"
)
_CANNOT = (
    r"(?:したり)?(?:する|いたす|差し上げる)?(?:こと)?[はがもを]?(?:し|いた|致|差し上げ|でき)?"
    r"(?:でき(?:ません|かね|ない)|しかね|かね(?:ます|る)|控え|差し控え|お断り)"
)
_JA = re.compile(
    rf"{_ASK}(?:さ?せて)?{_CANNOT}(?!よ|んだ|の)"
    r"|(?:そのよう|この|その|そうし|こうし|ご要望|ご依頼|ご質問|リクエスト)[^。]{0,30}(?:言えません|書けません|"
    r"応じられません|教えられません)"
    r"|(?:申し訳|すみませ|ごめん|恐れ入り|残念)[^。]{0,60}(?:私|AI|機能|情報)[^。]{0,30}(?:ことができません|"
    r"ことはできません|ありません)"
    r"|(?:AI|人工知能)(?:アシスタント|モデル|言語モデル)?(?:として|である私|なので|"
    r"ですので)[^。]{0,60}(?:できません|かねます|持ち合わせていません)"
)
_FIRST = re.compile(  # about others, or under a condition: no refusal of the model's own
    r"なければ|ないと|までは|場合は[^。]*できません|期間中|以降|AIは[^私]|(?:では|は)[^。、私]{1,10}(?:を|"
    r"に)[^。]{0,8}消化"
)
_VERB = (
    r"(?:help|assist|provide|share|comply|fulfil|fulfill|do that|write|create|generate|produce|answer|support|"
    r"access|open|view|see|"
    r"diagnose|give|offer|recommend|summari[sz]e|proceed|continue|tell|predict|discuss|make|display|browse|reveal|"
    r"disclose|engage|"
    r"participate|respond|complete|perform|explain|describe|translate|take|advise|condone|endorse|promote|process|"
    r"look|play)"
)
_NOT = (
    r"(?:can(?:no|['’])t|can not|won['’]t|will not|(?:am|['’]m) (?:not able|unable) to|could(?: not|n['’]t)|"
    r"am not allowed to)"
)
_EN = re.compile(
    rf"\bI\s*{_NOT}\s+(?:\w+ly\s+)?{_VERB}\b(?!\s+but\b)(?![^.!?]*\benough\b)|\bI {_NOT} be able to {_VERB}\b"
    rf"|\bas an AI\b[^.!?]*\b{_NOT} {_VERB}\b"
    r"|\bI\s+(?:must|have to|will have to)\s+(?:respectfully\s+)?(?:decline (?:to|this|that|your|the)|refuse)\b"
    r"|\bI(?:'d| would|’d)? (?:rather|prefer) not (?:to )?(?:help|answer|write|discuss|do)\b"
    r"|\bI (?:don['’]t|do not) feel comfortable\b|\bI am programmed to be\b"
    r"|\bI (?:don['’]t|do not) have (?:access to|the ability|the capability|real-time)\b"
    r"|\b(?:against|violates?) my (?:content |usage |safety )?(?:guidelines|polic\w+|programming)"
    r"|\b(?:guidelines|policies|policy|programming) (?:do(?:es)? not|don['’]t|doesn['’]t|prohibits?|"
    r"prevents?) (?:allow|permit|me)"
    r"|\bnot (?:be )?appropriate for me to\b|\bI don['’]t see any attach",
    re.I,
)
_BUT = re.compile(
    r"(?:ません|かねます|できない|かね)(?:が|けれど|けど)|\b(?:certainty|sure|know),? but\b|[a-z], but (?!I (?:can|"
    r"could|am|would be) (?:help|happy|glad|offer|suggest))",
    re.I,
)
_APOLOGY = re.compile(
    r"(?:申し訳(?:あり|ござい)ませんが|すみませんが|恐れ入りますが|残念ですが)|\b(?:sorry|apologi[sz]e|apologies|"
    r"afraid),? (?:but )?",
    re.I,
)
_ASIDE = re.compile(  # what a refusal says beside its no: where to turn, what else it would do, why
    r"相談|連絡|受診|お問い合わせ|専門|代わり|ご提案|提案でき|お手伝いできます|でしたら|であれば|法律|違法|危険|"
    r"犯罪|安全|倫理|著作権|プライバシー|申し訳|"
    r"つらい|お気持ち|\bplease\b|\binstead\b|\bI can\b|\bI could\b|\bhappy to\b|\bif you\b|\billegal\b|\bcrime\b|"
    r"\bharm|\bsafety\b|"
    r"\bconsult|\breach out\b|\bsorry\b|\bunderstand\b|\blet me know\b|\bfeel free\b|\bprofessional\b|\bI'm\b|\bI am\b",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Refusal(Check):
    """Fails on an answer that opens by declining or by being unable, and goes on to give nothing.

    A refusal is a first-person no to the request in the first sentences: 申し訳ありませんが、お手伝いできません; I'm
    sorry, but I can't help with that. Words in quotes, letters that decline something for their writer, and answers
    that go on to answer are none. Asking back and warning are none either.
    Not covered: refusals without one of the known phrases, in character, or further down; other languages.
    """

    def fault(self, text: str, chat: Chat) -> str:
        head = text[:HEAD]
        if not (_JA.search(head) or _EN.search(head)):
            return ""
        text = blank(_QUOTED, without_code(text))
        if _LETTER.search(text):
            return ""
        said = sentences(text)
        for i, sentence in enumerate(each[:HEAD] for each in said[:OPENING]):
            found = _EN.search(sentence) or (_JA.search(sentence) if not _FIRST.search(sentence) else None)
            if found:
                return "" if _answers(sentence, found.end(), said[i + 1 :]) else shown(found[0])
        return ""


def _answers(sentence: str, at: int, rest: list[str]) -> bool:
    """Whether something is given after all, in the rest of the refusing sentence or after it."""
    after = _APOLOGY.sub("", sentence)
    turned = _BUT.search(after) is not None and not _ASIDE.search(sentence[at:])
    given = [s for s in rest if not (_ASIDE.search(s) or _JA.search(s) or _EN.search(s))]
    units = sum(len(s) / (2 if s.isascii() else 1) for s in given)
    return units > CONTENT or (turned and units > 10)
