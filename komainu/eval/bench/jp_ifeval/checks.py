"""Every check of the benchmark by its name, which is also the type an item is reported under."""

from __future__ import annotations

from komainu.checks.instructions.base import Check
from komainu.eval.bench.jp_ifeval import counting, grammar, layout, length, script, sound, vocabulary, writing

FAMILIES: dict[str, tuple[Check, ...]] = {
    "script": (
        script.hiragana_only,
        script.katakana_only,
        script.no_katakana,
        script.no_kanji,
        script.no_latin,
        script.hiragana_count,
        script.lipogram,
    ),
    "sound": (
        sound.haiku,
        sound.tanka,
        sound.mora_total,
        sound.mora_words,
        sound.shiritori,
        sound.acrostic,
        sound.palindrome,
        sound.gojuon,
    ),
    "writing": (
        writing.radical,
        writing.kanji_count,
        writing.kanji_share,
        writing.grade,
        writing.furigana,
        writing.yojijukugo,
        writing.jukugo,
        writing.reading,
    ),
    "counting": (
        counting.counted,
        counting.counter_reading,
        counting.kanji_numerals,
        counting.fullwidth_digits,
        counting.numbers_kept,
        counting.code_kept,
    ),
    "vocabulary": (
        vocabulary.season_words,
        vocabulary.season_used,
        vocabulary.onomatopoeia,
        vocabulary.exact_count,
        vocabulary.forbidden,
        vocabulary.pronoun,
        vocabulary.no_pronouns,
    ),
    "grammar": (
        grammar.polite,
        grammar.plain,
        grammar.honorific,
        grammar.no_particle,
        grammar.sentence_ending,
        grammar.noun_ending,
        grammar.conjugation,
        grammar.transitivity,
    ),
    "layout": (
        layout.chapters,
        layout.headings,
        layout.placeholders,
        layout.json_keys,
        layout.table,
        layout.bullets,
        layout.heading_levels,
        layout.several,
        layout.first_sentence,
        layout.last_sentence,
    ),
    "length": (
        length.characters,
        length.sentence_count,
        length.line_lengths,
        length.sentence_limit,
        length.mark_count,
        length.no_marks,
        length.fullwidth,
    ),
}
CHECKS: dict[str, Check] = {check.__name__: check for family in FAMILIES.values() for check in family}
