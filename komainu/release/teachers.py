"""What the terms of well-known models say of their output in training data, by the model's name.

A table to stop plain mistakes, of the licence texts as they were published with the models; it is no legal advice, and
providers change their terms: what is given by hand comes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NOT_STATED = "not stated"
COMPETING = "the provider's terms forbid the use of output to develop models that compete with its own"
FREE = "{}: nothing is asked of its output"
TERMS = (  # the first that is found in a model's name
    (
        r"llama-?3\.[1-3]|tulu-?3|nemotron",
        "Llama 3.x Community License: a released model that was trained on its output has 'Llama' first in its name",
    ),
    (r"llama-?[23]", "Llama Community License: its output may not be used to improve another large language model"),
    (r"gemma-?[123]", "Gemma Terms of Use: a model trained on its output to behave like it is under them too"),
    (r"qwen2\.5-(3b|72b)|qwen2-72b", "Qwen licence: a released model that was trained on its output says so"),
    (r"qwen2\.5|qwen3", FREE.format("Apache-2.0")),
    (r"deepseek-(r1|v3-0324|v3\.[1-9])", FREE.format("MIT")),
    (r"mistral-nemo|mistral-7b|mistral-small-24b|mixtral", FREE.format("Apache-2.0")),
    (r"phi-?4", FREE.format("MIT")),
    (r"\bgpt-[345]|\bo[134]-|chatgpt", COMPETING),
    (r"gpt-oss", FREE.format("Apache-2.0")),
    (r"claude|gemini", COMPETING),
)


def terms_of(model: str, given: Mapping[str, str]) -> str:
    """What is to be said of a model's output: as given by its name, else as known here, else `not stated`."""
    if model in given:
        return given[model]
    return next((text for pattern, text in TERMS if re.search(pattern, model.lower())), NOT_STATED)
