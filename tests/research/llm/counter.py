"""A desk that remembers what it was told, keys from a dictionary, and a clock that only sleeping moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from praxtui.research.llm.credentials import Credentials, KeysMissing
from praxtui.research.protocol import Usage


class Counter:
    """The side of a desk that a model call sees. `told` is everything in order; `left` what the budgets leave."""

    def __init__(self, usd: float | None = None, tokens: int | None = None) -> None:
        self.budget: tuple[float | None, int | None] = (usd, tokens)
        self.streamed: list[tuple[str, str]] = []
        self.spent: list[tuple[Usage, str]] = []
        self.told: list[tuple[str, ...]] = []
        self.waits: dict[str, str] = {}

    def stream(self, kind: str, text: str) -> None:
        self.streamed.append((kind, text))
        self.told.append(("stream", kind, text))

    def left(self) -> tuple[float | None, int | None]:
        usd, tokens = self.budget
        usd = None if usd is None else usd - sum(usage.usd or 0.0 for usage, _ in self.spent)
        return usd, None if tokens is None else tokens - sum(u.prompt + u.output for u, _ in self.spent)

    def spend(self, usage: Usage, what: str) -> None:
        self.spent.append((usage, what))
        self.told.append(("spend", what))

    def waiting(self, cause: str, reason: str) -> None:
        self.waits[cause] = reason
        self.told.append(("waiting", cause, reason))

    def waited(self, cause: str) -> None:
        self.waits.pop(cause, None)
        self.told.append(("waited", cause))

    def said(self, kind: str) -> str:
        return "".join(text for of, text in self.streamed if of == kind)

    @property
    def faults(self) -> list[str]:
        return [text for kind, text in self.streamed if kind == "fault"]

    @property
    def reasons(self) -> list[str]:
        return [one[2] for one in self.told if one[0] == "waiting"]

    @property
    def everything(self) -> str:
        return "\n".join(" ".join(one) for one in self.told)


class Pocket:
    """Keys that a test can change while a call waits. A model without an entry has none."""

    def __init__(self, params: dict[str, dict[str, str]], *, name: str = "SCRIPTED_API_KEY") -> None:
        self.params = params
        self.name = name

    def lookup(self, model: str) -> Credentials:
        if model not in self.params:
            raise KeysMissing((self.name,), model)
        return Credentials(dict(self.params[model]))

    def names(self, model: str) -> tuple[str, ...]:
        return (self.name,)


class Clock:
    """Time that passes only while somebody sleeps; `on_sleep` is called with each sleep, before it."""

    def __init__(self, on_sleep: Callable[[float], Any] | None = None) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self.on_sleep = on_sleep

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.on_sleep is not None:
            self.on_sleep(seconds)
        self.time += seconds
        await asyncio.sleep(0)
