"""data-juicer: filters that need no model, at their defaults, on columns in memory."""

from __future__ import annotations

from data_juicer.ops.base_op import Filter as Operator
from data_juicer.ops.filter.alphanumeric_filter import AlphanumericFilter
from data_juicer.ops.filter.character_repetition_filter import CharacterRepetitionFilter
from data_juicer.ops.filter.maximum_line_length_filter import MaximumLineLengthFilter
from data_juicer.ops.filter.special_characters_filter import SpecialCharactersFilter
from data_juicer.ops.filter.text_length_filter import TextLengthFilter
from data_juicer.utils.constant import Fields

from bench.filtering.common import Filter, Record, measured


def kept(operators: list[Operator]) -> Filter:
    def find(records: list[Record]) -> list[int]:
        samples = {"text": [r.text for r in records], Fields.stats: [{} for _ in records]}
        places = [*range(len(records))]
        for each in operators:
            samples = each.compute_stats_batched(samples)
            stay = [*each.process_batched(samples)]
            samples = {
                name: [x for x, yes in zip(column, stay, strict=True) if yes] for name, column in samples.items()
            }
            places = [place for place, yes in zip(places, stay, strict=True) if yes]
        return sorted({*range(len(records))} - {*places})

    return find


FILTERS = {
    "repetition": lambda: kept([CharacterRepetitionFilter()]),
    "quality": lambda: kept(
        [TextLengthFilter(), MaximumLineLengthFilter(), AlphanumericFilter(), SpecialCharactersFilter()]
    ),
}


if __name__ == "__main__":
    measured(FILTERS)
