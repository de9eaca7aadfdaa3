"""No call is begun without money: those under way are counted as if they used all they may.

So a budget is overshot by what is left of one call at most. To ask for room for all that the next call may use would
stop a campaign long before its end: a call is let write many times what it mostly does.
"""

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
        """Hold what a call may use until it is booked. Raises OutOfBudget where nothing is left for it."""
        usd, tokens = desk.left()
        flying = list(self._in_flight.values())
        under_way = f", with {len(flying)} calls under way" if flying else ""
        if tokens is not None and tokens <= sum(each.tokens for each in flying):
            raise OutOfBudget(f"tokens used up{under_way}")
        # A call that costs nothing needs no money.
        if usd is not None and estimate.usd and usd <= sum(each.usd or 0.0 for each in flying):
            raise OutOfBudget(f"USD used up{under_way}")
        key = object()
        self._in_flight[key] = estimate
        try:
            yield
        finally:
            del self._in_flight[key]
