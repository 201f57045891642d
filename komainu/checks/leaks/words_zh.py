"""Chinese words in characters that Japanese writes too, but never as this word."""

from __future__ import annotations

import re
from collections.abc import Iterator

# One pattern a word: it begins with a character or a class, and looks around for what would make it Japanese.
_LIST = r"""
孩子 [女男]孩 儿子 女儿 照片 礼物 香蕉 洋[葱蔥] 三明治 面包 牛奶 牙医 城堡(?=[はがをのにでと、]) 盒子 村庄 意大利
西班牙 [法美徳德][国國](?=[はがをのにでとへや、。人]|\s*(?:\||$)) [苹蘋]果 手机(?<![右左片両相]..)
老[师師](?=们|們|が教室) 老师 出租 朋友 飛機 星期[一二三四五六日天] 火[車车]站 [車车]站 西[紅红]柿
番茄(?=[はがをのとや、]) [鶏雞]蛋 電視 電影 視頻 軟件 硬件 信息 互聯網 網絡 月台(?=[でにへを等]) 地[鉄鐵]站
自行[車车] 褲子 鞋子 土豆 草莓 花生(?<!落花生)(?=[はがをのとや、]) 咖啡 可楽 啤酒 奶茶 水果 蔬菜 超市(?![販民場])
早餐 午餐(?!会) 筷子 杯子 桌子 房[間间屋] 客[庁廳] 餐[庁廳] 衛生[間紙] 公共汽車 信用卡 打折 洗衣机 冰箱 气[一-龥]?
爸爸 媽媽 哥哥 姐姐 弟弟 妹妹 爺爺 奶奶 小姐 老板 医生(?![活理物涯]) 律師 考試 分鐘 初中(?![級等]) [歡欢]迎光[臨临]
[歡欢]迎 熊猫(?=の) 今天(?<!昨今天)(?![皇文下気候井]) 明天(?![皇文下気候井]) 昨天(?![皇文下気候井]) [毎每]天
早上(?![がげ映場]) 晩上(?![映演陸がげ]) 上午(?![前後]) 下午(?![前後]) 時候(?=[，我你他]) 目前為止 以后 剛[才剛] 立刻
常常 慢慢 偶爾 但是 首先(?![端頭]) 所以(?=[、，,]) 如果 可以(?<![許認不裁]可以)(?![外降上前下来後内遠])
因[為爲为](?<!原因.)(?!替) 因此(?=[、，]) 从 打磨 然后 然後(?=[、，我你他她把再就到]) 已[経經] 為[了什甚](?<![行作]..)
[雖虽]然 而且 或者 [並并]且 另外 例如 比如 [隨随]着 等等 什[么麼] 怎[么麼様樣] 没有 沒有 那個
這(?![うっいえおわりる]) [我他咱]們 我的 很 一些(?!細) 真的(?=[很非是好])
的(?<=[ぁ-ん]的)(?<!の的)(?=[一-龥])(?![外中確射場屋]) 特別的 幸福的 重要的 美麗的 最好的 不同的 自己的
不要(?=怕|担心|客気|緊|[忘開見言食飲触押急][ぁ-ん]) 非常(?=[重好多高感有漂容簡]) 幇忙 討厭 害怕 [担擔]心 難過
舒[服適] 乾淨 好[喝看玩](?=[的。！、]) 后(?=ろ) 更加(?![工算熱入]) 喜[歡欢] 感到 [覚覺]得 認為(?!替) 漂亮
高[興兴](?!行) 開心(?=[的です。！、]) 加油(?<![追添]加油) [謝谢]{2} 再[見见](?=[。！!]) [対對]不起 没関係 [請请]問
多少[銭錢] 好吃 不錯 許多(?<![免特]許多) 応該 應該 能[够夠]
"""
_WORDS = [word for line in _LIST.splitlines() for word in line.split()]
_BEGINS = [re.match(r"(?:\[(.*?)\]|(.))(?:\[(.*?)\](?!\?)|([^(\[{]))?", word) for word in _WORDS]
_PARTS = [((m[1] or m[2]), (m[3] or m[4] or "")) for m in _BEGINS if m]  # the first and second characters of each
_FIRST, _SECOND = ("".join(part[i] for part in _PARTS) for i in (0, 1))
_ONE = "".join(first for first, second in _PARTS if not second)
_MAY = re.compile(f"[{_FIRST}](?:(?=[{_SECOND}])|(?<=[{_ONE}]))")
_WORD = re.compile("|".join(_WORDS))


def chinese_words(text: str) -> Iterator[re.Match[str]]:
    """The words in a text, one after another."""
    end = 0
    for first in _MAY.finditer(text):
        if first.start() >= end and (word := _WORD.match(text, first.start())):
            end = word.end()
            yield word
