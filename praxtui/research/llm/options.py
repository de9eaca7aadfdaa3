"""What a person may say about one model: its prices, its size, how it takes tools, how long it may take."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens. `cached` and `written` (put into the provider's cache) are `input` where not given."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: for a whole call, until the first sign of an answer, and from one to the next.

    `first` not given is 120, or 300 for models that think, since many of those say nothing while they do.
    """

    total: float = 600.0
    first: float | None = None
    between: float = 60.0


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about one model; None is what LiteLLM's bundled map knows.

    `window`: tokens that it reads and writes together; `max_output`: tokens of one reply at most. `tools`: whether it
    is given tools as such (`native`) or asked for JSON. `extra` goes into each call as it is, by LiteLLM's names.
    """

    prices: Prices | None = None
    window: int | None = None
    max_output: int | None = None
    tools: Literal["auto", "native", "json"] = "auto"
    extra: dict[str, Any] = {}
    limits: Limits = Limits()
