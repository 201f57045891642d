"""ErrorText: messages of the machinery fail, as they stand in published results and as servers send them."""

from __future__ import annotations

import pytest

from komainu.checks.error_text import LONGEST, ErrorText
from tests.checks.helpers import answer

SURE = [  # whatever was asked
    "$ERROR$",
    "API_ERROR",
    "[ERROR]",
    "ERROR",
    "None",
    "null",
    " nan ",
    "NaN",
    "undefined",
    "[object Object]",
    "Error during API call. Please try again.",
    "openai.RateLimitError: Error code: 429 - {'error': {'message': 'Rate limit reached'}}",
    "openai.error.InvalidRequestError: This model's maximum context length is 4097 tokens.",
    "litellm.BadRequestError: OpenAIException - Error code: 400",
    "litellm.exceptions.ContextWindowExceededError: the prompt is too long",
    "anthropic.APIStatusError: overloaded_error",
    "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='127.0.0.1', port=8000): Read timed out.",
    "google.api_core.exceptions.ResourceExhausted: 429 Quota exceeded",
    "httpx.ConnectError: [Errno 111] Connection refused",
    "RateLimitError('Error code: 429')",
    "APIConnectionError: Connection error.",
    "Error code: 400 - {'error': {'message': 'Invalid request', 'type': 'invalid_request_error'}}",
    "Error communicating with OpenAI: Connection aborted.",
    "HTTPConnectionPool(host='localhost', port=8000): Max retries exceeded with url: /v1/chat/completions",
    "HTTPSConnectionPool(host='api.openai.com', port=443): Read timed out. (read timeout=600)",
    "Cannot connect to host 127.0.0.1:8000 ssl:default [Connect call failed ('127.0.0.1', 8000)]",
    "<urlopen error [Errno 111] Connection refused>",
    "[Errno 104] Connection reset by peer",
    "Connection aborted.",
    "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
    "upstream request timeout",
    "no healthy upstream",
    '{"error": {"message": "The model is overloaded", "code": 503}}',
    '{"object":"error","message":"The prompt is too long","code":400}',
    '{"detail":"Not Found"}',
    "{'error': {'code': 'context_length_exceeded'}}",
    '[{"error": {"code": 400}}]',
    '"error": "bad gateway"',
    "**NETWORK ERROR DUE TO HIGH TRAFFIC. PLEASE REGENERATE OR REFRESH THIS PAGE.**",
    "YOUR INPUT VIOLATES OUR CONTENT MODERATION GUIDELINES. PLEASE TRY AGAIN.",
    "This model's maximum context length is 4096 tokens. However, you requested 5120 tokens.",
    "Token indices sequence length is longer than the specified maximum sequence length",
    "That model is currently overloaded with other requests. You can retry your request.",
    "The engine is currently overloaded, please try again later",
    "The server had an error while processing your request. Sorry about that!",
    "Rate limit reached for gpt-4 in organization org-x on tokens per min",
    "You exceeded your current quota, please check your plan and billing details.",
    "Your credit balance is too low to access the API.",
    "Incorrect API key provided: sk-***. You can find your API key in the settings.",
    "Invalid API key",
    "The response was filtered due to the prompt triggering the content management policy.",
    "CUDA out of memory. Tried to allocate 2.00 GiB",
    "torch.cuda.OutOfMemoryError: CUDA out of memory.",
    "RuntimeError: CUDA error: device-side assert triggered",
]
LIKELY = [  # unless the question speaks of such things
    "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Error 503 (Server Error)!!1</title></head></html>",
    "<html>\n<head><title>502 Bad Gateway</title></head><body></body></html>",
    "Error",
    "Error: 429 Too Many Requests",
    "ERROR: connection lost",
    "**Error:** something went wrong",
    "API Error: 529 overloaded",
    "Internal Server Error",
    "An error occurred.",
    "An unexpected error has occurred while generating the answer.",
    "Exception: no answer",
    "APIエラーが発生しました",
    "エラーが発生しました。しばらくしてからお試しください。",
    "エラー: 応答がありません",
    "サーバーエラーです。",
    "Traceback (most recent call last):\n  File \"run.py\", line 3, in <module>\nKeyError: 'choices'",
    "KeyError: 'choices'",
    "JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    "503 Service Unavailable",
    "HTTP 502 Bad Gateway",
    "HTTP/1.1 500",
    "Status code: 404",
    "HTTP status code 429 (Too Many Requests)",
    "Error code: 524",
    "Too Many Requests",
    "Gateway Timeout",
    "Request timed out.",
    "The read operation timed out",
    "Connection error.",
    "Rate limit exceeded, please slow down.",
    "Failed to generate response",
]
FINE = [
    "エラーの原因は、変数が定義されていないことです。",
    "エラーメッセージの書き方には三つの要点があります。",
    "エラー処理とは、失敗に備えることです。",
    "Errors happen when the key is absent.",
    "Error handling in Python is done with try and except.",
    "An exception is an object that describes what went wrong.",
    "The error in the sentence is the verb.",
    "502 Bad Gatewayは、ゲートウェイが上流から正しい応答を得られなかったことを表す状態コードです。",
    "404 people came to the festival.",
    "500円です。",
    "500",
    "この関数はTypeErrorを投げます。",
    "なし",
    "Noneを返します。",
    "none of them",
    "N/A",
    "[]",
    "{}",
    "{}は空の辞書です。",
    '{"name": "error", "age": 3}',
    "Not found in the text.",
    "The connection was lost, and so was she.",
    "Unauthorized copies are forbidden.",
    "Nana",
    "インターネット接続が切れました。",
    "The model is overloaded with features.",
    "<html><head><title>Cats</title></head><body style='font-weight: 500'></body></html>",
    "www.example.comは例です。",
]
ASKED = [
    ("次の文を日本語にしてください。\nAn error occurred.", "エラーが発生しました。"),
    ("このPythonのコードは何を出力しますか。\nprint(d['x'])", "KeyError: 'x'"),
    ("What does this program print?\nraise ValueError", "Traceback (most recent call last):\n...\nValueError"),
    ("HTTPで、ページがないときの応答は?", "404 Not Found"),
    ("Which status code says that there is no such page?", "404 Not Found"),
    ("Write a page in HTML that says there is no such page.", "<html><head><title>404</title></head></html>"),
    ("Correct the error message.", "Error: the file could not be opened."),
]


@pytest.mark.parametrize("text", SURE)
def test_messages_of_the_machinery_fail_whatever_was_asked(text: str) -> None:
    for asked in ("日本の首都はどこですか。", "Explain this error message of an API server."):
        assert ErrorText()(answer(text, asked)).startswith("error_text: ")


@pytest.mark.parametrize("text", LIKELY)
def test_what_reads_like_a_message_fails(text: str) -> None:
    assert ErrorText()(answer(text, "日本の首都はどこですか。")).startswith("error_text: ")


@pytest.mark.parametrize("text", FINE)
def test_answers_about_errors_pass(text: str) -> None:
    assert ErrorText()(answer(text)) == ""


@pytest.mark.parametrize(("asked", "text"), ASKED)
def test_an_error_message_that_was_asked_for_passes(asked: str, text: str) -> None:
    assert ErrorText()(answer(text, asked)) == ""
    assert ErrorText()(answer(text, "日本の首都はどこですか。")) != ""


def test_a_long_text_is_no_message() -> None:
    assert ErrorText()(answer("Error: " + "x" * LONGEST)) == ""
