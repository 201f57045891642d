"""Which other languages a question calls for, by the words it uses."""

from __future__ import annotations

import re

_TONGUES = (
    r"arabic|arabs|armenian|bengali|bulgarian|cyrillic|georgian|greek|hebrew|hindi|mongolian|persian|russians?|"
    r"sanskrit|serbian|thai|tamil|ukrainian|urdu|yiddish"
)
_ABOUT = (
    r"words?|phrases?|names?|terms?|greetings?|proverbs?|sayings?|sentences?|characters?|letters?|alphabets?|script|"
    r"vocabulary|grammar|particles?|verbs?|adjectives?|nouns?|language|text|translation|pronunciation|idioms?|"
    r"lessons?|numbers?|numerals?|counters?|tones?|poems?|haiku|lyrics|titles?|writing|symbols?|emails?|messages?|"
    r"essays?|onomatopoei\w+|slang|homework"
)


def _tongue(names: str) -> str:
    """English ways of calling for a language: in Japanese, a Japanese word, Japanese people say."""
    return (
        rf"\b(?:in|into|to|speak|learn(?:ing)?|study(?:ing)?|both|or|and)\s+(?:formal\s+|casual\s+|"
        rf"polite\s+)?(?:{names})\b"
        rf"|\b(?:{names})\s+(?:\w+\s+)?(?:{_ABOUT}|and|or|for)\b|\b(?:{_ABOUT})\s+(?:of|from)\s+(?:{names})\b"
        rf"|\b(?:{names})s?\s+(?:people\s+|speakers\s+)?(?:say|write|call|spell|pronounce)\b"
    )


_COMPUTERS = (  # names and words by which a text is about computers
    "API SQL HTTP HTML CSS XML YAML LLM GPU CPU OAuth SSH DNS TCP UDP TLS JWT CORS XSS CDN VPN OSS CI GraphQL gRPC",
    "WebSocket MQTT Transformer BERT GPT LoRA RAG CNN RNN LSTM GAN SVM PCA ROC AUC Git GitHub GitLab Docker",
    "Kubernetes K8s Terraform Ansible Linux Ubuntu Python Java JavaScript TypeScript Typescript Rust Golang Go Swift",
    "SwiftUI Kotlin Scala Haskell Elixir Ruby Rails PHP Perl MATLAB COBOL Fortran Flutter Dart Laravel Django Flask",
    "FastAPI Spring React Vue Angular Svelte Node Tailwind Webpack npm Makefile CMake Gradle Jenkins Kafka Redis",
    "MongoDB PostgreSQL MySQL SQLite Elasticsearch Hadoop Spark Airflow TensorFlow PyTorch Keras NumPy Pandas OpenCV",
    "Unity Unreal Blender Photoshop Figma Arduino Raspberry FPGA Excel Bash PowerShell vim Emacs VSCode AWS GCP token",
    "tokens commit commits branch merge epoch epochs batch embedding softmax dropout pod pods props async await numpy",
    "pandas matplotlib pytorch",
)
_MANY = r"外国語|多言語|(?<!韓)国語で|[かヶカケ]国語|各国語|バイリンガル"
_IN_JAPANESE = {  # what Japanese calls for the languages and things with
    "latin": rf"{_MANY}|英(?:語|単語|文|訳|作文|会話|検|和|詩|熟語|字|名|題)|和英|日英|アルファベット|ローマ字|欧文|"
    rf"[ァ-ヴー]{{2,}}語|ピンイン|拼音|"
    r"発音記号|[a-z]」?の(?:使い分け|過去形|過去分詞|発音|読み方|例文|用法|複数形|品詞|類義語|綴り|スペル)|"
    r"[a-z]」?と「?[a-z ]+」?の(?:使い分け|違い)",
    "chinese": rf"{_MANY}|中国語|中国语|中文|漢語|[簡简]体|繁[体體]|拼音|ピンイン|広東語|台湾華語|漢文|漢詩|汉|論語|"
    rf"仏典|旧字体|異体字",
    "korean": rf"{_MANY}|韓国語|朝鮮語|ハングル|コリア語|韩|한국|한글",
    "japanese": rf"{_MANY}|日本語",
    "other": rf"{_MANY}|[ァ-ヴー]{{2,}}(?:語|文字)",
    "titles": r"曲|歌|洋楽|バンド|アルバム|キャッチコピー|スローガン|ロゴ|店名|タイトル|題名|英題|原題|名言|プロンプト",
    "technical": r"プログラ|セキュリティ|認証|ブラウザ|ダウンロード|インストール|スクリプト|マクロ|センサ|半導体|"
    r"周波数|音響|録音|デザイン|配色|遺伝子|薬理|演算子|暗号|ファイル|フォルダ|ウェブサイト|ホームページ|検索エンジン|"
    r"サイト(?:制作|運営)|設定方法|ソースコード|コード(?!レス)|コマンド|関数|クラス(?![メ会])|変数|配列|正規表現|"
    r"アルゴリズム|データ(?:ベース|分析|サイエンス|構造)|"
    r"サーバ|フレームワーク|ライブラリ|コンパイ|デバッグ|デプロイ|リポジトリ|コンテナ|ブランチ|コミット|プルリク|ニューラル|"
    r"機械学習|深層学習|強化学習|"
    r"教師[あな][りし]|学習率|過学習|過剰適合|前処理|トークン|勾配|損失関数|分類器|ハイパーパラメ|画像(?:処理|認識|"
    r"生成)|自然言語処理|"
    r"埋め込み表現|エンドポイント|エンコード|アプリ開発|計算量|再帰|ポインタ|オブジェクト指向|シェル|ターミナル|"
    r"スレッド|並[行列]処理|排他制御|"
    r"デッドロック|メモリ|キャッシュ|オープンソース|ネットワーク|ソフトウェア|ファームウェア|クラウド|暗号化|"
    r"仮想(?:化|マシン)|マイコン|"
    r"回路|3Dプリンタ|動画編集|作曲ソフト|表計算|ゲームエンジン|用語|略語|バージョン|量子|統計|確率分布|信頼区間|有意(?:差|水準)|スタートアップ|アジャイル|"
    r"スクラム|システム開発|ブロックチェーン|音声(?:合成|認識)|電子工作|フォント",
}
_IN_ENGLISH = {
    "latin": r"\bTOE(?:IC|FL)\b|\bIELTS\b|\bromaji\b|\benglish\b|lingual\b|\blanguages\b",
    "chinese": rf"\bmandarin\b|\bcantonese\b|\bpinyin\b|\bhanzi\b|lingual\b|\blanguages\b|{_tongue('chinese')}",
    "korean": rf"\bhang[eu]+l\b|lingual\b|\blanguages\b|{_tongue('koreans?')}",
    "japanese": r"\bkanji\b|\bhiragana\b|\bkatakana\b|\bkana\b|\bfurigana\b|\bromaji\b|\bJLPT\b|\bnihongo\b|lingual\b|"
    rf"\blanguages\b|{_tongue('japanese')}",
    "other": rf"\b(?:{_TONGUES})\b|lingual\b|\blanguages\b",
    "titles": r"\btitles?\b|\bsongs?\b",
}
_JAPANESE = {name: re.compile(pattern) for name, pattern in _IN_JAPANESE.items()}
_ENGLISH = {name: re.compile(pattern, re.I) for name, pattern in _IN_ENGLISH.items()} | {
    "technical": re.compile(
        rf"(?<![A-Za-z])(?:{'|'.join(' '.join(_COMPUTERS).split())})(?![A-Za-z])|`[^`\n]+`|```|"
        rf"(?<![A-Za-z])C(?:言語|\+\+|#)|\.NET|"
        r"(?<![\w/.@])[a-z]+(?:_[a-z]+|[a-z][A-Z][a-z]+|\(\)|\.(?:py|js|ts|php|rb|go|rs|java|c|h|sh|md|ya?ml|json))\b"
    )
}
_LETTER = re.compile("[A-Za-z]")
_CODE = re.compile(
    r"(?<![\w:/.])[~.]{0,2}/[\w.-]+/|\w::\w|(?<!\w)--?[a-z]+=|[A-Za-z]\[\d|(?<![A-Za-z])[a-z]+\.[a-z]+(?=[ぁ-ん、(])"
)
_ACRONYM = re.compile(r"(?<![A-Za-z])[A-Z]{2,5}(?![A-Za-z])")
_NAME = re.compile(r"(?<![A-Za-z])(?!(?:AI|IT|JSON|PR|SNS|TV|OK|CM|NG|DVD|CD)(?![A-Za-z]))[A-Z][A-Za-z]+")
_LINES = {  # by which a line of the answer itself speaks of foreign words
    "latin": re.compile(
        r"英語(?:で|名|表記|圏|の|から)|という英|英単語|英訳|和訳|訳(?:す|し)|語源|綴り|スペル|を意味する|という意味|"
        r"[ァ-ヴー]{2,}語(?:で|の|から)"
    ),
    "chinese": re.compile(r"中国(?:語|名|表記)|簡体|繁体|漢文|漢詩"),
    "korean": re.compile(r"韓国語|朝鮮語|ハングル|韓国名"),
    "other": re.compile(r"[ァ-ヴー]{2,}(?:語|文字)"),
}
_SIGNS = {  # of which each of their words has one
    "latin": ("英", "訳", "語", "綴り", "スペル", "意味"),
    "chinese": ("中国", "体", "漢"),
    "korean": ("国", "語", "ハングル"),
    "other": ("語", "文字"),
}
_INTO = {
    "ja": re.compile(
        r"(?:日本語|和文)[へにを]?(?:翻訳|訳|直|変|し)|日本語に\s*[:：]|和訳|邦訳|\binto\s+japanese|\bto\s+japanese"
        r"|^\s*(?:次の|以下の).{0,12}日本語に|^japanese please",
        re.I | re.M,
    ),
    "en": re.compile(r"英語[へに]?(?:翻訳|訳|直|変|し)|英語に\s*[:：。]|英訳|\b(?:in)?to\s+english", re.I),
}


def technical(text: str) -> bool:
    """Whether an answer speaks of computers, is code in part or has several acronyms: there terms are at home."""
    return _mention("technical", text, True) != "" or len(set(_ACRONYM.findall(text))) >= 2 or bool(_CODE.search(text))


def calls(text: str) -> frozenset[str]:
    """What some text speaks of: "latin", "chinese", "korean", "japanese", "other" (scripts), "titles", "technical"."""
    letters = _LETTER.search(text) is not None
    found = frozenset(name for name in _JAPANESE if _mention(name, text, letters))
    return found | {"technical"} if _NAME.search(text) else found  # what has a Latin name has Latin terms


def mentions(question: str) -> list[str]:
    """The words of a question by which it calls for something, so that `calls` finds them again."""
    letters = _LETTER.search(question) is not None
    return [word for name in _JAPANESE if (word := _mention(name, question, letters))]


def _mention(name: str, text: str, letters: bool) -> str:
    found = _JAPANESE[name].search(text) or (_ENGLISH[name].search(text) if letters else None)
    return found[0] if found else ""


def without_lessons(text: str, name: str) -> str:
    """`text` with the lines that speak of words of a language replaced by spaces; positions stay."""
    pattern = _LINES[name]
    if not any(sign in text for sign in _SIGNS[name]) or not pattern.search(text):
        return text
    return "\n".join(" " * len(line) if pattern.search(line) else line for line in text.split("\n"))


def translates_into(question: str, lang: str) -> bool:
    """Whether a question asks for a translation into `lang` ("ja" or "en"): it names the other language only as
    what is to be translated."""
    return _INTO[lang].search(question) is not None
