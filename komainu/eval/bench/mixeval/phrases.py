"""How an answer says which option it chooses, in English and Japanese: the patterns that `extract` looks for."""

from __future__ import annotations

import re

from komainu.checks.text import word_set

_OPEN, _CLOSE = r"[\[({<\"'“‘「『【]{0,3}", r"[\])}>\"'”’」』】]{0,3}"
LETTER = rf"(?<![A-Za-z0-9.'’+/&-])(?P<open>{_OPEN})(?P<letter>[A-Za-z])(?P<close>{_CLOSE})(?![A-Za-z0-9'’+#])"
_NOUN = (
    r"(?:ans(?:wer)?|choice|option|selection|solution|response|pick|guess|correct(?=\s*[:=])"
    r"|(?:correct|right|best|true|logical)\s+(?:one|letter|statement|ending|completion|solution|conclusion))"
)
_WORDS = (
    r"(?:\s+(?:to\s+(?:this|the|your)\s+question|here|choice|option|letter|selection|for\s+me"
    r"|(?:among|of|from)\s+(?:the|these)\s+(?:given\s+|listed\s+)?\w+"
    r"|that\s+(?:makes|fits|best|is\s+best)\b[^.,;:\n]{0,40}?))*"
)
_IS = r"(?:is|was|['’]s|=|:|->|→|⇒|would\s+be|should\s+be|must\s+be|has\s+to\s+be|will\s+be|-|–|—)"
_SURELY = r"(?:(?:clearly|definitely|probably|likely|most\s+likely|therefore|thus|simply|still|indeed|:)\s*)*"
_THE = r"(?:(?:option|choice|answer|letter|選択肢)\s*)?"
_RIGHT_JA = (
    r"(?:(?:最も|もっとも|一番)?(?:正しい|適切な|適当な|妥当な|ふさわしい)(?:もの|選択肢|答え|の)"
    r"|最適な選択肢|正解の選択肢)"
)

# Each announces the letter that follows it; `final` where it says that it is the last word.
ANNOUNCED = re.compile(
    "|".join(
        (
            rf"\bonly\s+(?:answer|choice|option)\s[^.,;:\n]{{0,40}}?\bis\s+{_THE}",
            rf"\b(?P<final>final\s+)?{_NOUN}{_WORDS}[\"']?\s*{_IS}\s*{_SURELY}{_THE}",
            rf"^\W*answer\s+{_THE}|\bwhich\s+is\s+(?:option|choice|answer)\s+",
            r"(?:\b(?:I|we)(?:['’]\w+|\s+(?:would|will|have|am|was|must|therefore|thus|definitely|think\s+I(?:['’]ll)?))*\s+"
            r"(?:choose|chose|chosen|pick|picked|picking|select|selected|selecting|opt\s+for|vote\s+for|go\s+with"
            r"|going\s+with|went\s+with|say)|^\W*(?:choose|select|pick))\b\s*:?\s*"
            rf"{_THE}",
            rf"(?P<last>最終的?な?)?(?:答え?|解答|回答|正解|正答|{_RIGHT_JA})\s*(?:は|:|=|→)\s*[、,]?\s*{_THE}",
            r"\b(?:so|therefore|thus|hence|consequently|in\s+conclusion)\b\s*[,:]?\s*"
            rf"(?:(?:it['’]?s|it\s+is|it\s+must\s+be|we\s+have)\s+)?{_THE}",
            rf"\b(?:it['’]?s|it\s+is|it\s+must\s+be|that['’]?s|that\s+would\s+be)\s+{_SURELY}{_THE}",
            rf"(?:よって|したがって|従って|ゆえに|つまり|だから)\s*[、,]?\s*{_THE}",
        )
    ),
    re.I | re.M,
)
LEADS = re.compile(rf"\s*(?:(?:option|choice|answer|letter|選択肢)\s*)?{LETTER}", re.I)
TOKEN = re.compile(LETTER)
_STRONG = r"(?:correct|right|true|best|accurate|appropriate|suitable|answer|choice|option)"
CALLED_RIGHT = re.compile(  # after a letter
    r"\s*(?:is|was)\s+(?:(?:indeed|clearly|definitely|probably|likely|therefore|thus|the|most|only|single)\s+)*"
    rf"(?:best\s+|correct\s+|right\s+)?{_STRONG}\b(?!\s+(?:if|only\s+if|when|unless))"
    r"|\s*(?:が|は|を|で)\s*(?:最も|一番|もっとも)?\s*"
    r"(?:正しい|正解|適切|適当|正答|妥当|ふさわしい|答え|選びます|選択します|選ぶ)"
    r"(?!(?:だ|である|です|の)?\s*(?:と(?:は|すれば|仮定)|で?は(?:な|あり)|じゃ|な(?:い|く|ら)|場合|べき|か))",
    re.I,
)
DENIED = re.compile(  # after a letter: it is named to be turned down
    r"\s*(?:is|are|was|seems?|looks?|can|could|would|may|might|does|has)\b(?!\s+(?:because|since))|\s*(?:isn|wasn|can|won)['’]t"
    r"|\s*(?:(?:だ|である)?と(?:は|すれば|仮定)|で?は(?:な|あり|誤|違|不)|では(?:な|あり)|じゃ|以外|(?:です|でしょう|だ)?か[?。]|かもしれ|なら|も)",
    re.I,
)
ENDS = re.compile(  # after a letter: it is the answer, not the first word of something
    r"\s*(?:$|[\n.,;:!。、．；])|\s*[-–—(\[]|\s+(?:because|since|as|for|and|or|which|due|given|based|so|but)\b"
    r"|\s*[ぁ-んァ-ン一-龥「『（]",
    re.I,
)
IN_JAPANESE = re.compile(
    r"\s*(?:です|だ|である|でしょう|になり|となり|だと思|かと思|と考え|と思|を選(?!ば|びま?せん|ぶべきで|択しな))(?!か)"
)
_AFTER = r"(?=\s*(?:$|[.,;:!?)\]。、・/&\n]|(?:and|or|both|are)\b|です|だ|が|の|と|か|または|もしくは|は))"
ALSO = re.compile(
    r"\s*(?:,\s*(?:and|or)\b|,|/|&|\+|、|・|and\b|or\b|または|もしくは|あるいは|および|及び|と|か)\s*"
    rf"(?:{_THE}){_OPEN}(?P<letter>[A-Z]){_CLOSE}{_AFTER}"
)
BEFORE = re.compile(  # right before an announcement: it is none
    r"(?:(?:\b(?:not|never|cannot|if|whether|unless|suppose|assuming|assume|doubt|avoid|nor|neither|both|statement|wrong"
    r"|incorrect|false|another|other)|n['’]t)"
    r"(?:\s+(?:think|believe|say|mean|agree|conclude|that|the|correct|right|best|want|to|I|we|would))*"
    r"|もし|仮に|誤った|間違った|不正解の?)[\s\"'「『(]*(?:(?:option|choice|answer|選択肢)\s*)?$",
    re.I,
)
NAMES = re.compile(  # right before a letter that is called right: it is an option's, not "person A"
    r"(?:^|[.,;:!?。、!(\n「]|\b(?:option|choice|answer|letter|that|so|thus|therefore|hence|and|but|or|think|believe|say|only"
    r"|while|because|since|then|conclude|conclusion|clearly|yes|no)|選択肢|ので|から|より|も|て|は)[\s\"'*(]*$",
    re.I,
)
CORRECTED = re.compile(
    r"\b(?:wait|actually|correction|sorry|on\s+second\s+thought|instead|rather|scratch\s+that|no)\b"
    r"|訂正|いや|やはり|間違え|失礼",
    re.I,
)
NO_CHOICE = re.compile(
    r"\bnone\s+of\s+(?:the|these|them)\b|\bneither\b|(?:\bnot|n['’]t)\s+(?:sure|certain|know|enough|clear|determine|answer)"
    r"|\b(?:cannot|can['’]?t|unable|impossible|insufficient|refuse)\b|\bno\s+(?:\w+\s+)?(?:answer|option|choice)\b"
    r"|該当|どれも|いずれも|わかりません|分かりません|わからない|分からない|できません|ありません|不明",
    re.I,
)
NEGATED = re.compile(
    r"\b(?:not|never|wrong|incorrect|false|except|unlikely|eliminate|rule[sd]?\s+out|unsure)\b|n['’]t\b"
    r"|誤|違|不正解|不適|ない|なく|ません|除",
    re.I,
)
COPULA = re.compile(r"(?:です|だ|である|になります)[。.]?$")
AROUND = word_set(  # words that may stand around a letter which is all there is
    "i think guess believe say it it's is this that's must be would probably definitely clearly surely most likely",
    "certainly sure yes my the answer option choice letter go with pick choose therefore so thus",
)
SAID_TEXT = re.compile(
    rf"\b(?:final\s+)?{_NOUN}{_WORDS}\s*(?:is|was|:|=|would\s+be|should\s+be|must\s+be)\s*{_SURELY}(?:that\s+)?(?P<text>[^\n]+)"
    rf"|(?:答え?|解答|回答|正解|正答|{_RIGHT_JA})\s*(?:は|:|=|→)\s*(?P<ja>[^\n。]+)",
    re.I,
)
QUOTED = re.compile(r"\*\*(.+?)\*\*|\"([^\"\n]+)\"|“([^”\n]+)”|「([^」\n]+)」|『([^』\n]+)』")
ASKS = re.compile(r"[^.!?。\n]*\?")  # the sentence is a question
LABELS = re.compile(r"(?<![A-Za-z0-9])([A-Z])\s*[.:)]")
MARK = re.compile(r"\s*(?:$|[.;:!。]|です|だ|である|[-–—]\s)")
BRIEF_MARK = re.compile(r"\s*(?:[,、]|$|[.;:!。]|です|だ|である|[-–—]\s)")
MARKED = re.compile(
    r"\\(?:boxed|fbox)\s*\{\s*(?:\\\w+\s*\{)?([^{}]*)\}*|<answer>(.*?)</answer>|\[\[(.*?)\]\]", re.I | re.S
)
LATEX = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mathit|rm|bf)\s*\{([^{}]*)\}|\\[()\[\]]|\$")
LINE = re.compile(
    r"^[\s>#*•→\-]*(?:\d+[.)]\s+)?(?:(?:option|choice|answer|選択肢)\s*)?[(\[「]?(?P<letter>[A-Za-z])[)\]」]?\s*[.:)。]?\s*$",
    re.I | re.M,
)
LISTED = re.compile(
    r"^[\s>#*•\-]*(?:[Oo]ption\s+|選択肢)?[(\[]?(?P<letter>[A-Z])\s*[.:)\]、]+\s*(?P<text>\S[^\n]*)$", re.M
)
