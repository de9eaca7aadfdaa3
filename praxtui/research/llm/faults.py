"""What can go wrong when a model is asked, how each is told from the exception, and what is done about it."""

from __future__ import annotations

import random
from typing import Literal

import msgspec

from praxtui.research.llm.counted import Counted

Kind = Literal[
    "rate",
    "overload",
    "network",
    "silent",
    "malformed",
    "quota",
    "auth",
    "no_model",
    "too_long",
    "refused",
    "unknown",
    "no_tools",
]
# After which a provider's word on when to come back is not taken: some name the end of a month.
LONGEST_WAIT = 6 * 3600.0
# A wait this long is not sat out where another model could answer meanwhile.
WORTH_A_SWITCH = 60.0
RATE_JITTER = 0.1


class Policy(msgspec.Struct, frozen=True):
    """What is done about a kind of fault.

    `name` says it in words. `base` and `cap` bound the wait before the next try, in seconds: it doubles from try to
    try. `tries` in a row, and the next model is asked, where there is one. `then` is what happens to the call:
    `wait` for as long as it takes, wait for a person's `keys`, or `raise` it to whoever asked.
    """

    name: str
    base: float = 0.0
    cap: float = 300.0
    tries: int = 1
    then: Literal["wait", "keys", "raise"] = "wait"


POLICIES: dict[Kind, Policy] = {
    "rate": Policy("rate limited", base=4, tries=4),
    "overload": Policy("overloaded or out of order", base=2, tries=4),
    "network": Policy("not reached", base=1, tries=4),
    "silent": Policy("fell silent", base=1, tries=2),
    "malformed": Policy("malformed reply", base=1, tries=3),
    # Met once: from then on the model is asked for JSON.
    "no_tools": Policy("takes no tools", base=5, tries=2),
    "unknown": Policy("failed", base=5, tries=2),
    # Only paying or the next month helps: asked now and then, since nobody tells when that was.
    "quota": Policy("quota or credit used up", base=300, cap=3600),
    # A revoked key may be a provider's mistake, so it is tried again in the end even if it stays the same.
    "auth": Policy("refused the key", base=300, then="keys"),
    "no_model": Policy("has no such model", base=300, then="keys"),
    "too_long": Policy("prompt too long", then="raise"),
    "refused": Policy("refused the content", then="raise"),
}


class Fault(Exception):
    """A call that failed: what kind it is, and one line of at most 300 characters that holds no key.

    `retry_after` are the seconds that the provider asked to be left alone for, None where it did not say; `status` is
    the HTTP status, None where none came.
    """

    def __init__(
        self, kind: Kind, message: str, provider: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.provider = provider
        self.status = status
        self.retry_after = retry_after
        self.counted: Counted | None = None

    @property
    def policy(self) -> Policy:
        """What is done about it."""
        return POLICIES[self.kind]

    @property
    def short(self) -> str:
        """A few words, such as `429 rate limited`."""
        return f"{self.status} {self.policy.name}" if self.status else self.policy.name

    @property
    def line(self) -> str:
        """All of it in one line, such as `openai: 429 rate limited: slow down`."""
        said = f": {self.message}" if self.message and self.message != self.policy.name else ""
        return f"{self.provider}: {self.short}{said}"

    def delay(self, tries: int, chance: random.Random) -> float:
        """Seconds before the next try, `tries` having failed in a row; never less than the provider asked for."""
        if self.retry_after is not None:
            asked = min(max(self.retry_after, 0.0), LONGEST_WAIT)
            return asked + chance.uniform(0, max(1.0, asked * RATE_JITTER))
        longest = min(self.policy.cap, self.policy.base * 2.0 ** min(tries - 1, 30))
        return longest * chance.uniform(0.5, 1.0)

    def passed_on(self, tries: int, delay: float) -> bool:
        """Whether, after so many tries, another model should be asked instead of waiting `delay` seconds."""
        return tries >= self.policy.tries or delay > WORTH_A_SWITCH
