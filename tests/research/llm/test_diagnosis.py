"""From what went wrong to what is done about it, without a network."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.research.llm.diagnosis import LONGEST, Evidence, fault, kind, redacted
from praxtui.research.llm.faults import LONGEST_WAIT, POLICIES, Fault

KEY = "sk-proj-abcDEF123456"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC).timestamp()


class Response:
    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()} or {"server": "x"}


class ApiError(Exception):
    """Looks like one of a client library: `status_code`, `response`, perhaps an error behind it."""

    def __init__(self, message: str, status: int | None = None, cause: Exception | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status_code = status
        self.response = Response(**headers) if status is not None else None
        self.original_exception = cause


class ReadTimeout(Exception):
    pass


class MidStreamFallbackError(ApiError):
    pass


def told(message: str, status: int | None = 400, **headers: str) -> Fault:
    return fault(ApiError(message, status, **headers), "acme", now=NOW)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (429, "Rate limit reached for gpt-4o in organization o on requests per min", "rate"),
        (429, "You exceeded your current quota, please check your plan and billing details.", "quota"),
        (429, "You exceeded your current quota. Please retry in 34.5s.", "rate"),
        (402, "Payment required", "quota"),
        (400, "Your credit balance is too low to access the Anthropic API.", "quota"),
        (403, "Insufficient balance", "quota"),
        (401, "invalid x-api-key", "auth"),
        (403, "Forbidden", "auth"),
        (400, "API key not valid. Please pass a valid API key.", "auth"),
        (None, "The api_key client option must be set", "auth"),
        (404, "The model `gpt-9` does not exist", "no_model"),
        (400, "gpt-9 is not a valid model ID", "no_model"),
        (None, "LLM Provider NOT provided. Pass in the LLM provider you are trying to call.", "no_model"),
        (400, "This model's maximum context length is 8192 tokens", "too_long"),
        (400, "prompt is too long: 212345 tokens > 200000 maximum", "too_long"),
        (400, "the request exceeds the available context size. try increasing the context size", "too_long"),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed", "too_long"),
        (413, "Request too large", "too_long"),
        (400, "Output blocked by content filtering policy", "refused"),
        (400, "rejected as a result of our safety system", "refused"),
        (500, "The server had an error", "overload"),
        (502, "<html>Bad Gateway</html>", "overload"),
        (529, "Overloaded", "overload"),
        (408, "Request timeout", "silent"),
        (400, "registry.ollama.ai/library/llama3 does not support tools", "no_tools"),
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', "no_tools"),
        (404, "No endpoints found that support tool use.", "no_tools"),
        (422, "Unknown parameter: frobnicate", "unknown"),
        # A server's own trouble that only sounds like something else.
        (500, "context length exceeded in worker; billing service not found", "overload"),
        (503, "rate limit service is down", "overload"),
    ],
)
def test_what_a_provider_says_is_understood(status: int | None, message: str, expected: str) -> None:
    found = told(message, status)
    assert found.kind == expected
    assert found.status == (status if expected not in ("network", "silent") else None)


def test_a_refused_connection_is_one_whatever_class_it_comes_as() -> None:
    found = fault(ApiError("InternalServerError: Connection error.", None, ConnectionRefusedError(111, "no")), "acme")
    assert (found.kind, found.status, found.message) == ("network", None, "Connection refused")


def test_an_invented_status_is_not_believed() -> None:
    error = MidStreamFallbackError("litellm.MidStreamFallbackError", None, ReadTimeout(""))
    error.status_code = 500
    found = fault(error, "acme")
    assert (found.kind, found.status) == ("silent", None)


def test_what_somebody_was_dealing_with_before_is_not_the_reason() -> None:
    def fails() -> None:
        try:
            raise Fault("too_long", "prompt is too long", "acme")
        except Fault:
            raise ConnectionResetError(104, "Connection reset by peer")  # noqa: B904

    with pytest.raises(ConnectionResetError) as reset:
        fails()
    assert fault(reset.value, "acme").kind == "network"


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry_after": "7"}, "slow down", 7.0),
        ({"retry_after": "0.5"}, "slow down", 0.5),
        ({"retry_after_ms": "250"}, "slow down", 0.25),
        ({"retry_after": format_datetime(datetime(2026, 11, 23, 12, 1, 30, tzinfo=UTC), usegmt=True)}, "slow", 90.0),
        ({"retry_after": format_datetime(datetime(2026, 11, 23, 11, 0, 0, tzinfo=UTC), usegmt=True)}, "slow", 0.0),
        ({"retry_after": "soon"}, "slow down", None),
        ({}, "Rate limit. Please try again in 1m30s.", 90.0),
        ({}, "Rate limit. Please try again in 20ms.", 0.02),
        ({}, 'quota {"retryDelay": "34s"}', 34.0),
        ({}, "slow down", None),
    ],
)
def test_when_to_come_back_is_read(headers: dict[str, str], message: str, seconds: float | None) -> None:
    assert told(message, 429, **headers).retry_after == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (
            'litellm.RateLimitError: AnthropicException - b\'{"error": {"message": "Slow \\"down\\"."}}\'',
            'Slow "down".',
        ),
        ("litellm.BadRequestError: OpenAIException - no such thing", "no such thing"),
        (
            "<html><head><title>502 Bad Gateway</title></head></html>",
            "a web page instead of an answer: 502 Bad Gateway",
        ),
        ("<!DOCTYPE html><p>hi", "a web page instead of an answer"),
        ("a\x1b[31m\nb\tc", "a [31m b c"),
        ("", "no reason given"),
    ],
)
def test_a_message_is_one_plain_line(raw: str, shown: str) -> None:
    assert told(raw, 422).message == shown


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        f"Authorization: Bearer {KEY}",
        f"https://api.acme.com/v1?key={KEY}&x=1",
        f"https://user:{KEY}@proxy.example/",
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.sig",
        "key sk-ant-api03-xyz_ABC-123 is no good",
        "sk-abcd****************wxyz",
        "AIzaSyA1234567890abcdefghijklmnop and gsk_abcdefgh12345678",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_keys_are_hidden_even_if_nobody_names_them(text: str) -> None:
    shown = redacted(text)
    assert "[hidden]" in shown
    for part in (KEY, "eyJhbGci", "sk-ant-api03", "wxyz", "AIzaSy", "gsk_abc", "AKIAIOSF"):
        assert part not in shown


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=80),
    before=st.text(max_size=350), after=st.text(max_size=350),
)  # fmt: skip
def test_no_secret_is_left_in_a_line_of_at_most_300_characters(secret: str, before: str, after: str) -> None:
    shown = redacted(f"{before}{secret}{after}", [secret])
    assert len(shown) <= LONGEST
    assert "\n" not in shown and "\x1b" not in shown
    # what is left may spell the secret anew only where the text around it did so by itself
    if secret not in before + after and secret not in f"{before}[hidden]{after}":
        assert secret not in shown


def test_every_kind_has_a_policy_and_no_wait_is_longer_than_it_says() -> None:
    chance = random.Random(1)
    for name, policy in POLICIES.items():
        made = Fault(name, "", "acme")
        waits = [made.delay(tries, chance) for tries in range(1, 60)]
        assert all(0 <= wait <= policy.cap for wait in waits)
        if policy.base:
            assert waits[0] <= policy.base and min(waits[20:]) >= policy.cap / 2


def test_a_provider_is_not_asked_again_before_it_says_nor_only_next_month() -> None:
    chance = random.Random(1)
    for asked in (0.0, 3.0, 40.0, 3000.0):
        waits = [Fault("rate", "", "acme", retry_after=asked).delay(1, chance) for _ in range(50)]
        assert all(asked <= wait <= asked * 1.1 + 1 for wait in waits) and len(set(waits)) > 1
    assert Fault("rate", "", "acme", retry_after=1e9).delay(1, chance) <= LONGEST_WAIT * 1.1


def test_a_line_says_who_what_and_why() -> None:
    assert told("Slow down.", 429).line == "acme: 429 rate limited: Slow down."
    assert Fault("silent", "no answer in 120 s", "acme").line == "acme: fell silent: no answer in 120 s"


def test_evidence_without_anything_is_unknown() -> None:
    assert kind(Evidence(names=("ValueError",), said="boom")) == "unknown"
