"""Which script a character belongs to, and the signs by which kana-free text is Chinese."""

from __future__ import annotations

import re
from functools import cache

KANA = r"ぁ-ゖゝゞァ-ヺヽヾㇰ-ㇿｦ-ｯｱ-ﾝ"  # without ー and ・, which other scripts borrow
LONG = r"ー\uff70゙゚゛゜\uff9e\uff9f"  # length and voicing marks: never evidence on their own
HAN = r"々〆〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
HANGUL = r"가-힣"  # syllables only: lone letters (ㅂ, ㅋ) stand in Japanese emoticons
LATIN = r"A-Za-zÀ-ÖØ-öø-ɏＡ-Ｚａ-ｚḀ-ỿ"
OTHER = r"Ѐ-ԯ԰-֏א-תء-يऀ-ॿก-ฮะ-ูก-์ႠჀ-ჿ"  # Cyrillic, Armenian, Hebrew, Arabic, Devanagari, Thai, Georgian
JAPANESE = KANA + LONG + HAN

_BEYOND = re.compile("[\u0370-\u1fff\u2100-\U0010ffff]")  # where all scripts but the Latin one are

_STRONG = re.compile(
    r"[你您這]|[我他她它咱]們|[什甚][麼么]|怎麼|怎樣|為什|[好是對]嗎|嗎[?？]|没有|很[有多好大小高久快美難重冷]|沒|不是|"
    r"我[的也很想要在是不有会會能去喜對叫請只]|[他她][的也很想要在是不有会會能去說说對来來決决]|了[嗎呢吧。！!，？?]|"
    r"[也都還就又才正]是|一[些點隻]|那[個些是裡]|[哪那][裡個兒]|知道|今天|明天|昨天|現在是|可以|"
    r"不[想知喜會]|不要[你我他她們再說说用]|不可以|不好意|[的得]很|想要|已經|給我|把我|跟我|請[問我]|謝謝|自己的|時候|因為|所以|如果|但是|"
    r"[上下]午|是[一在我不的]|的[人是時話]|了一|在[我這那]|牛奶|面包|米飯|手机|火車站|星期[一二三四五六日天]|"
    r"^[我她](?![慢流孫国社輩等執欲々田勝妻])|^他(?![人国社方界殺言力校者日府県店意愛所薦聞行])"
)
_WEAK = re.compile(r"[的了是在我他她也就把被與很之]")
_DECISIVE = re.compile(r"[了是我他她也就把很]")
_OLD = re.compile(  # forms that Japanese gave up in 1946 and Chinese still writes; Japanese keeps one in a name
    r"[學國對說來聽樂點參實應當會發從與兒氣關變總讀寫數歐單鐵廣轉戰醫藥觀覺歸顯驗麵晝畫團圓圍區號處價"
    r"榮樣權檢歡歲歷淺濕獨獻畢盡禮稱縣續繼聲臺舊萬藝證譯譽豐賣輕辭邊靈靜餘齊齒龜們為麼嗎裡]"
)
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")


@cache
def simplified() -> frozenset[str]:
    """The characters of GB2312 that no Shift_JIS text can hold: simplified Chinese only.

    Computed from Python's own codecs. Windows' extension of Shift_JIS (cp932), which Japanese names need,
    counts as Japanese, and so do 麴 and 囊, the printed forms of 麹 and 嚢.
    """
    pairs = bytes(b for hi in range(0xB0, 0xF8) for lo in range(0xA1, 0xFF) for b in (hi, lo))
    chinese = set(pairs.decode("gb2312", errors="ignore"))
    text = "".join(sorted(chinese))
    japanese = set(text.encode("cp932", errors="ignore").decode("cp932"))
    return frozenset(chinese - japanese - set("麴囊"))


@cache
def simplified_pattern() -> re.Pattern[str]:
    """Matches one simplified-only character."""
    return re.compile(f"[{''.join(sorted(simplified()))}]")


def only_latin(text: str) -> bool:
    """Whether a text has no letter of the other scripts named here; quick where it is ASCII."""
    return text.isascii() or _BEYOND.search(text) is None


def has_kana(text: str) -> bool:
    return _KANA.search(text) is not None


def looks_chinese(text: str) -> bool:
    """Whether text without kana is Chinese rather than a run of Japanese kanji.

    True on a simplified-only character, on a word or an order of characters that kanji-only Japanese does
    not have (我的, 不是, 這), on two old forms (學, 國), or on two or more grammatical characters (的, 了, 是)
    that make up a sixth of it. False means "not shown to be Chinese", never "Japanese": 東京大学 is both.
    """
    if has_kana(text):
        return False
    if simplified_pattern().search(text) or _STRONG.search(text):
        return True
    if len(_OLD.findall(text)) >= 2:
        return True
    weak = _WEAK.findall(text)
    grammatical = len(set(weak)) >= 2 and _DECISIVE.search(text) is not None
    return grammatical and 6 * len(weak) >= len(_HAN.findall(text))
