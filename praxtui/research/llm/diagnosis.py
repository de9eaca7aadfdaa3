"""From the exception that a call ended with to a `Fault`: its kind, the provider's own words, when to come back.

LiteLLM's classes say less than they seem to: a refused connection is an InternalServerError, a stream that broke is a
ServiceUnavailableError with an invented status. What holds is the chain of exceptions behind it, and the headers.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import msgspec

from praxtui.research.llm.faults import Fault, Kind

LONGEST = 300
SHORTEST_SECRET = 6
HIDDEN = "[hidden]"

_KEYS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|github_pat|nvapi|AIza|ya29|AKIA|ASIA|eyJ)[-_.]?[\w.*-]{8,}"
    r"|\bsk-[\w.*-]{3,}"
    r"|(?<=Bearer )[^\s\"',;}]+|(?<=bearer )[^\s\"',;}]+"
    r"|(?<=key=)[^\s&\"']+|(?<=token=)[^\s&\"']+|(?<=://)[^\s/@]+:[^\s/@]+(?=@)"
)
_TOO_LONG = re.compile(
    r"context.{0,12}(length|window|size).{0,80}(exceed|tokens|too)|maximum context|prompt is too long|too many tokens"
    r"|input is too long|exceeds? the (available |maximum )?context|input token count.{0,40}exceeds|request_too_large"
)
_QUOTA = re.compile(
    r"insufficient_quota|exceeded your current quota|credit balance is too low|insufficient (balance|credits?|funds)"
    r"|billing|payment required|requires more credits|spend(ing)? limit"
)
_REFUSED = re.compile(
    r"content[_ ](policy|filter|management)|safety (system|filter|settings)|responsible ?ai|usage polic(y|ies)"
)
_AUTH = re.compile(
    r"(invalid|incorrect|missing|expired|revoked|no|valid).{0,20}(api[-_ ]?key|x-api-key|credentials)"
    r"|api[-_ ]?key (not valid|is (missing|invalid|required))|unable to locate credentials|authentication_error"
    r"|api_key client option must be set|security token.{0,30}(invalid|expired)"
)
_NO_MODEL = re.compile(
    r"llm provider not provided|model_not_found|not a valid model|unknown model|no such model|decommissioned"
    r"|model.{0,80}(does not exist|not found|not supported for|isn't mapped)|invalid model"
)
_NO_TOOLS = re.compile(
    r"(tools?|function[ _]?call(s|ing)?|tool[ _]choice)\W.{0,60}"
    r"(not supported|unsupported|not support|not enabled|requires)"
    r"|(not|n't) support.{0,40}(tools?\b|tool[ _](use|call|choice)|function[ _]?call)|enable-auto-tool-choice"
    r"|no endpoints found that support tool"
)
_RATE = re.compile(r"rate.?limit|too many requests|resource.?exhausted")
_AGAIN = re.compile(
    r"(?:try again|retry) (?:in|after) (?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+) ?(ms|s))?|\"retrydelay\": ?\"([\d.]+)s\""
)
_NETWORK = frozenset(
    {
        "ConnectError", "ConnectTimeout", "ReadError", "WriteError", "RemoteProtocolError", "ProxyError",
        "ConnectionError", "ConnectionResetError", "ConnectionRefusedError", "ConnectionAbortedError", "gaierror",
        "BrokenPipeError", "ClientConnectorError", "ServerDisconnectedError", "ClientPayloadError", "ClientOSError",
        "SSLError", "SSLCertVerificationError", "EndpointConnectionError", "IncompleteRead",
    }
)  # fmt: skip
_UNREADABLE = frozenset({"JSONDecodeError", "ValidationError", "APIResponseValidationError", "UnicodeDecodeError"})


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a failure: class names outermost first, everything that was said in small letters."""

    names: tuple[str, ...]
    said: str
    status: int | None = None
    retry_after: float | None = None


def fault(error: BaseException, provider: str, secrets: Sequence[str] = (), *, now: float | None = None) -> Fault:
    """What a failed call comes to; `now` (seconds since 1970) is for providers that name a date. Holds no secret."""
    chain = list(_chain(error))
    headers = _headers(chain)
    said = " ".join(dict.fromkeys(filter(None, map(_said, chain))))
    evidence = Evidence(
        names=tuple(type(one).__name__ for one in chain),
        said=said.lower(),
        status=_status(chain, headers is not None),
        retry_after=_retry_after(headers or {}, said.lower(), now),
    )
    found = kind(evidence)
    status = None if found in ("network", "silent") else evidence.status
    message = redacted(_words(chain, found), secrets)
    return Fault(found, message, provider, status=status, retry_after=evidence.retry_after)


def kind(seen: Evidence) -> Kind:
    """The kind of a failure. The provider's words come before its status: some say all of this with a 400."""
    status, said, names = seen.status, seen.said, frozenset(seen.names)
    client = status is None or 400 <= status < 500
    if "ContextWindowExceededError" in names or status == 413 or (client and _TOO_LONG.search(said)):
        return "too_long"
    if status == 402 or (client and _QUOTA.search(said) and seen.retry_after is None):
        return "quota"
    if "ContentPolicyViolationError" in names or (status in (400, 403, 451) and _REFUSED.search(said)):
        return "refused"
    if status == 429 or "RateLimitError" in names or (client and _RATE.search(said)):
        return "rate"
    if status in (401, 403) or (client and _AUTH.search(said)):
        return "auth"
    if status in (400, 404, 422, 501) and _NO_TOOLS.search(said):
        return "no_tools"
    if status == 404 or (client and _NO_MODEL.search(said)):
        return "no_model"
    if status is not None and status >= 500:
        return "overload"
    if names & _NETWORK:
        return "network"
    if any("Timeout" in name for name in names) or status == 408:
        return "silent"
    if names & _UNREADABLE:
        return "malformed"
    broke_off = "MidStreamFallbackError" in names
    return "overload" if broke_off or status == 409 or "overloaded" in said else "unknown"


def redacted(text: str, secrets: Sequence[str] = ()) -> str:
    """One line of at most 300 characters without `secrets` and whatever else looks like a key."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
                text = text.replace(form, HIDDEN)
    text = " ".join("".join(c if c.isprintable() else " " for c in _KEYS.sub(HIDDEN, text)).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it came from, nearest first; not what somebody was dealing with when the call began."""
    todo: list[Any] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen or type(one).__module__.startswith("praxtui"):
            continue
        seen.add(id(one))
        yield one
        todo += [getattr(one, "original_exception", None), one.__cause__, one.__context__]


def _headers(chain: Sequence[BaseException]) -> Mapping[str, str] | None:
    """The headers of the provider's answer; None where there was none, or only LiteLLM's invented one."""
    for one in chain:
        response = getattr(one, "response", None)
        for found in (getattr(one, "litellm_response_headers", None), getattr(response, "headers", None)):
            if isinstance(found, Mapping) and found:
                return {str(name).lower(): str(value) for name, value in found.items()}
    return None


def _status(chain: Sequence[BaseException], answered: bool) -> int | None:
    """The HTTP status as the provider gave it: nearest to the wire, where LiteLLM has not translated it yet."""
    if not answered:
        return None
    found = [code for one in chain if isinstance(code := getattr(one, "status_code", None), int)]
    return found[-1] if found else None


def _retry_after(headers: Mapping[str, str], said: str, now: float | None) -> float | None:
    """Seconds to wait, from Retry-After (seconds or a date), its kin, or the message; None where nothing says."""
    milliseconds = headers.get("retry-after-ms")
    value = headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        if value is not None and re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
            return float(value)
        if value is not None:
            then = parsedate_to_datetime(value)
            then = then if then.tzinfo else then.replace(tzinfo=UTC)
            today = datetime.now(UTC).timestamp() if now is None else now
            return max(0.0, then.timestamp() - today)
    except (ValueError, TypeError, OverflowError):
        pass
    found = _AGAIN.search(said)
    if found is None or not any(found.groups()):
        return None
    hours, minutes, amount, unit, delay = found.groups()
    seconds = float(delay or amount or 0) * (0.001 if unit == "ms" else 1.0)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds


def _said(one: BaseException) -> str:
    body = getattr(one, "body", None)
    extra = [str(getattr(one, "code", None) or ""), json.dumps(body, default=str) if isinstance(body, dict) else ""]
    return " ".join([str(one), *extra]).strip()


def _words(chain: Sequence[BaseException], found: Kind) -> str:
    """What to tell a person: the provider's own message where there is one."""
    if found == "network":
        for one in reversed(chain):
            if isinstance(one, OSError) and one.errno and one.errno > 0:
                return os.strerror(one.errno)
        for one in reversed(chain):
            if type(one).__name__ in _NETWORK and str(one):
                return re.sub(r"^\[Errno -?\d+\] ", "", str(one))
        return "the connection broke off"
    if found == "silent":
        return "no answer in time"
    for one in chain:
        said = str(getattr(one, "message", "") or one)
        quoted = re.search(r'"message"\s*:\s*("(?:[^"\\]|\\.)*")', said)
        if quoted:
            return _unquoted(quoted.group(1))
    return _plain(str(getattr(chain[0], "message", "") or chain[0]))


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text.strip('"')


def _plain(said: str) -> str:
    """A message without the class names that LiteLLM puts before it, and without mark-up."""
    page = re.search(r"<(?:!doctype|html|head|body)\b", said, re.IGNORECASE)
    if page:
        title = re.search(r"<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>", said, re.IGNORECASE | re.DOTALL)
        named = html.unescape(next(filter(None, title.groups()), "")) if title else ""
        return f"a web page instead of an answer{': ' + named.strip() if named.strip() else ''}"
    said = said.partition(" Original exception:")[0].partition(". Handle with `litellm")[0]
    while True:
        shorter = re.sub(r"^\s*(?:litellm\.)?\w*(?:Error|Exception|Timeout)\w*\s*(?::|-| )\s*", "", said)
        if shorter == said:
            return said.strip() or "no reason given"
        said = shorter
