"""Where byte-level BPE tokenizers cut text before their merges, as the regular expressions of a tokenizer.json."""

from __future__ import annotations

# kanji, hiragana, katakana, words (with the space before), single digits, the rest one by one
SCRIPTS = r"\p{Han}+|\p{Hiragana}+|[\p{Katakana}ー]+| ?\p{Latin}+| ?\d| ?[^\s\p{L}\d]|\s"
# as Qwen2 and Llama 3 publish theirs: words of any script with the character before, digits, the rest in runs
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2, LLAMA3 = (WORDS.replace("DIGITS", digits) for digits in (r"\p{N}", r"\p{N}{1,3}"))
