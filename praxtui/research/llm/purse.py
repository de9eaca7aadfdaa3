"""No call is made that the budgets might not bear: those under way are counted as if they used all they may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from praxtui.research.llm.prices import Estimate
from praxtui.research.protocol import Desk, OutOfBudget


class Purse:
    """What the calls of a campaign may cost that are under way, beside what is booked already."""

    def __init__(self) -> None:
        self._in_flight: dict[object, Estimate] = {}

    @contextmanager
    def reserved(self, desk: Desk, estimate: Estimate) -> Iterator[None]:
        """Hold what a call may use until it is booked. Raises OutOfBudget where that is more than is left."""
        usd, tokens = desk.left()
        flying = list(self._in_flight.values())
        if tokens is not None:
            room = tokens - sum(each.tokens for each in flying)
            if estimate.tokens > room:
                raise OutOfBudget(
                    f"tokens used up: {max(0, room):,} are left, the next call may take {estimate.tokens:,}"
                )
        if usd is not None and estimate.usd:
            money = usd - sum(each.usd or 0.0 for each in flying)
            if estimate.usd > money:
                raise OutOfBudget(
                    f"USD used up: ${max(0.0, money):.4f} is left, the next call may cost ${estimate.usd:.4f}"
                )
        key = object()
        self._in_flight[key] = estimate
        try:
            yield
        finally:
            del self._in_flight[key]
