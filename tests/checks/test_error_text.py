from __future__ import annotations

import pytest

from komainu.checks.error_text import ErrorText
from tests.checks.helpers import answer

ERRORS = [
    "Error: 429 Too Many Requests",
    "ERROR: connection lost",
    "APIエラーが発生しました",
    "エラーが発生しました。しばらくしてからお試しください。",
    "openai.RateLimitError: Error code: 429 - {'error': {'message': 'Rate limit reached'}}",
    "Traceback (most recent call last):\n  File \"run.py\", line 3, in <module>\nKeyError: 'choices'",
    '{"error": {"message": "The model is overloaded", "code": 503}}',
    "<html>\n<head><title>502 Bad Gateway</title></head><body></body></html>",
    "503 Service Unavailable",
    "Request timed out.",
    "CUDA out of memory. Tried to allocate 2.00 GiB",
    "This model's maximum context length is 4096 tokens.",
    "None",
    "null",
    " nan ",
]
FINE = [
    "エラーの原因は、変数が定義されていないことです。",
    "Errors happen when the key is absent.",
    "502 Bad Gatewayは、ゲートウェイが上流から正しい応答を得られなかったことを表す状態コードです。" * 9,
    "この関数はTypeErrorを投げます。",
    "なし",
    "Noneを返します。",
    "{}は空の辞書です。",
]


@pytest.mark.parametrize("text", ERRORS)
def test_messages_of_the_machinery_fail(text: str) -> None:
    assert ErrorText()(answer(text)).startswith("error_text: ")


@pytest.mark.parametrize("text", FINE)
def test_answers_about_errors_pass(text: str) -> None:
    assert ErrorText()(answer(text)) == ""
