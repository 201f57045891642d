"""Chinese in Japanese text, and kana and kanji in English text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from komainu.checks.leaks.span import Span
from komainu.checks.scripts import HAN, JAPANESE, KANA, LATIN, has_kana, looks_chinese, simplified_pattern
from komainu.checks.text import blank, prose

HAN_RUN = re.compile(f"[{HAN}]+")
CJK_RUN = re.compile(f"[{JAPANESE}・]*[{KANA}{HAN}][{JAPANESE}・]*")
_SENTENCE = re.compile(r'[^。！？!?\n|"{}]+')
_NAMED = re.compile(  # names that hold a character no Japanese word has, and names beside their reading
    rf"深圳|九份|[北京]*烤[鴨肉]|[断斷]?么九|圳|[ァ-ヶー・]{{2,}}[（(][{HAN}]+[）)]|[{HAN}]{{2,}}[」』》]?[（(][ァ-ヶー・]{{2,}}[）)]"
)
_ASIDE = re.compile(rf"「[^「」\n]*」|『[^『』\n]*』|“[^“”\n]*”|{_NAMED.pattern}")
_NUMBER = frozenset("一二三四五六七八九十百千万億兆〇両数第何各毎約以上下未満")
_MENTION = re.compile(
    r"\([^()\n]{1,80}\)|（[^（）\n]{1,80}）|\[[^\[\]\n]{1,80}\]|「[^「」\n]{1,80}」|"
    r"『[^『』\n]{1,80}』|【[^【】\n]{1,80}】"
    rf"|(?<![:\[,] )(?<![:\[,])[\"“'‘*]+[^{LATIN}\n\"“”]{{1,80}}?[\"”'’*]+"
)
_FACE = re.compile(r"[^\w\s]?.[^\w\s]")  # a letter in an emoticon
_WORD = re.compile(  # Chinese words in characters that Japanese has too, but never as this word
    # nouns
    r"孩子|[女男]孩|儿子|女儿|照片|礼物|香蕉|洋[葱蔥]|三明治|面包|牛奶|牙医|城堡(?=[はがをのにでと、])|盒子|村庄|意大利|西班牙|"
    r"[法美徳德][国國](?=[はがをのにでとへや、。人])|[苹蘋]果|手机|老[师師](?=们|們|が教室)|老师|出租|星期[一二三四五六日天]|朋友|飛機|"
    r"[火]?[車车]站|西[紅红]柿|番茄(?=[はがをのとや、])|[鶏雞]蛋|電視|電影|視頻|軟件|硬件|信息|互聯網|網絡|月台(?=[でにへを等])|"
    r"地[鉄鐵]站|自行[車车]|褲子|鞋子|土豆|草莓|(?<!落)花生(?=[はがをのとや、])|咖啡|可楽|啤酒|超市|水果|蔬菜|早餐|午餐|[早午晩]飯|筷子|杯子|桌子|房(?:間|间|子|屋)|客[庁廳]|餐[庁廳]|衛生[間紙]|公共汽車|信用卡|打折|"
    r"爸爸|媽媽|哥哥|姐姐|弟弟|妹妹|爺爺|奶奶|小姐|老板|医生(?![活理物涯])|律師|考試|分鐘|"
    r"奶茶|洗衣机|冰箱|初中(?![級等])|[一-龥]?气[一-龥]?|[歡欢]迎(?:光[臨临])?|熊猫(?=の)|"
    # when
    r"(?<!昨)今天|明天|昨天|[毎每]天|早上(?![がげ映場])|晩上(?![映演陸がげ])|上午|下午|時候(?=[，我你他])|目前為止|以后|剛[才剛]|立刻|常常|偶爾|"
    # what joins, asks and points
    r"但是|首先(?!端)|所以(?=[、，,])|如果|(?<![許認不裁])可以(?![外降上前下来後内遠])|(?<!原)因[為爲为](?!替)|因此(?=[、，])|"
    r"然[後后](?=[、，我你他她把再就到])|[已][経經]|(?<![行作])為[了什甚]|[雖虽]然|而且|或者|[並并]且|另外|例如|比如|[隨随]着|等等|"
    r"什[么麼]|怎[么麼様樣]|没有|沒有|那個|這(?![うっいえおわりる])|[我他咱]們|我的|很|一些(?!細)|真的(?=[很非是好])|"
    r"(?<=[ぁ-ん])(?<!の)的(?=(?![外中確射場屋])[一-龥])|(?:特別|幸福|重要|美麗|最好|不同|自己)的|"
    # verbs and set phrases
    r"不要(?=怕|担心|客気|緊|[忘開見言食飲触押急][ぁ-ん])|非常(?=[重好多高感有漂容簡])|幇忙|討厭|害怕|[担擔]心|難過|舒[服適]|乾淨|好[喝看玩](?=[的。！、])|后(?=ろ)|更加(?![工算熱入])|[喜][歡欢]|感到|[覚覺]得|認為|漂亮|高[興兴]|開心(?=[的です。！、])|"
    r"(?<!追)加油|[謝谢]{2}|再[見见](?=[。！!])|[対對]不起|没関係|[請请]問|多少[銭錢]|好吃|不錯|(?<![免特])許多|応該|應該|能[够夠]"
)


def chinese(text: str, allowed: str, speaks: Set[str]) -> Iterator[Span]:
    """Simplified-only characters with the word around them, Chinese words and Chinese sentences without kana."""
    if "chinese" in speaks or not HAN_RUN.search(text):
        return
    yield from _sentences(text, allowed)
    if simplified_pattern().search(text):
        clean = blank(_NAMED, text)
        for run in HAN_RUN.finditer(clean):
            yield from (Span(a, b, "simplified") for a, b in _simplified(run, allowed))
    for word in _WORD.finditer(text):
        if word[0] not in allowed:
            yield Span(*word.span(), "simplified" if simplified_pattern().search(word[0]) else "chinese")


def _simplified(run: re.Match[str], allowed: str) -> Iterator[tuple[int, int]]:
    """Where the Chinese words of a run of kanji are: all of a short run, else the signs' pairs of characters."""
    signs = [m.start() for m in simplified_pattern().finditer(run[0]) if m[0] not in allowed]
    if not signs:
        return
    if 4 * len(signs) >= len(run[0]) and not _NUMBER & set(run[0]):
        yield run.span()
        return
    end = -1
    for at in signs:
        odd = at % 2 == 1 or at + 1 == len(run[0])
        first = at - (odd and at > 0 and run[0][at - 1] not in _NUMBER)
        last = at + 1 + (first == at and run[0][at + 1 : at + 2] not in _NUMBER | {""})
        if last > end:
            yield run.start() + max(first, end), run.start() + last
        end = max(end, last)


def _sentences(text: str, allowed: str) -> Iterator[Span]:
    """Stretches without kana that are Chinese, quotations aside."""
    clean = blank(_ASIDE, text)
    for sentence in _SENTENCE.finditer(clean):
        for part in _kanaless(sentence):
            s = clean[part[0] : part[1]]
            if sum(map(len, HAN_RUN.findall(s))) >= 5 and s not in allowed and (looks_chinese(s) or _WORD.search(s)):
                yield Span(*part, "chinese")


def _kanaless(sentence: re.Match[str]) -> Iterator[tuple[int, int]]:
    """A sentence without kana, trimmed of bullets and spaces."""
    s = sentence[0]
    if has_kana(s):
        return
    ends = [m.span() for m in re.finditer(rf"[{HAN}A-Za-z\d]", s)]
    if ends:
        yield sentence.start() + ends[0][0], sentence.start() + ends[-1][1]


def cjk(text: str, allowed: str, speaks: Set[str]) -> Iterator[Span]:
    """Kana and kanji in an English answer, outside quotes and brackets."""
    if speaks & {"japanese", "chinese"} or not CJK_RUN.search(text):
        return
    clean = blank(_MENTION, prose(text))
    for run in CJK_RUN.finditer(clean):
        if run[0] in "ツシノﾉヽ" and _FACE.match(text, run.start() - 1) or run[0] in allowed:
            continue
        yield Span(*run.span(), "kana" if has_kana(run[0]) else "kanji")
