"""Which model is asked next, and when: the first that is in order, a later one while that rests."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence

import msgspec

from praxtui.research.llm.credentials import Credentials, Keys, KeysMissing
from praxtui.research.llm.faults import Fault

# Seconds between looks whether a person has set a key.
LOOK_FOR_KEYS = 3.0
# Seconds until a model is tried again that another one stands in for.
REST = 600.0
NEVER = float("inf")


class Choice(msgspec.Struct, frozen=True):
    """The next call: `wait` seconds from now, of `model`, with `credentials` (None where keys must come first).

    `cause` and `reason` say what is waited for; to look again earlier, in `pause` seconds, may bring another choice.
    """

    model: str
    credentials: Credentials | None
    wait: float
    pause: float = 0.0
    cause: str = "provider"
    reason: str = ""


class _Standing:
    """How it stands with one model: tries that failed in a row, when it may be asked again, why it may not yet."""

    def __init__(self) -> None:
        self.tries = 0
        self.ready = 0.0
        self.rests_until = 0.0
        self.refused: Credentials | None = None
        self.cause = "provider"
        self.reason = ""


class Rota:
    """The models of a campaign in order of preference; times are those of `now`, in seconds."""

    def __init__(self, models: Sequence[str], keys: Keys, now: Callable[[], float], chance: random.Random) -> None:
        self.models = tuple(models)
        self._keys = keys
        self._now = now
        self._chance = chance
        self._standing = {model: _Standing() for model in self.models}
        self._last = self.models[0]

    @property
    def current(self) -> str:
        """The model that was chosen last."""
        return self._last

    def credentials(self, model: str) -> Credentials | None:
        """The credentials of a model as they are now; None where they are missing."""
        try:
            return self._keys.lookup(model)
        except KeysMissing:
            return None

    def choose(self, among: Collection[str] | None = None) -> Choice:
        """Who is asked next, of `among` where that is given."""
        now = self._now()
        choices = {model: self._look(model, now) for model in self.models if among is None or model in among}
        awake = [m for m, c in choices.items() if c.cause != "keys" and self._standing[m].rests_until <= now]
        best = awake[0] if awake else min(choices, key=lambda model: choices[model].wait)
        self._last = best
        wait = choices[best].wait
        keys = any(choice.cause == "keys" for choice in choices.values())
        return msgspec.structs.replace(choices[best], pause=min(wait, LOOK_FOR_KEYS) if keys else wait)

    def _look(self, model: str, now: float) -> Choice:
        at = self._standing[model]
        try:
            credentials = self._keys.lookup(model)
        except KeysMissing as missing:
            reason = f"no key for {model}: {_set(missing.names)}"
            return Choice(model, None, NEVER, cause="keys", reason=reason)
        if at.refused is not None and credentials != at.refused:
            at = self.well(model)
        wait = max(0.0, at.ready - now)
        return Choice(model, credentials, wait, cause=at.cause if wait else "provider", reason=at.reason)

    def well(self, model: str) -> _Standing:
        """The model answered, or what stood against it is gone."""
        self._standing[model] = _Standing()
        return self._standing[model]

    def failed(self, model: str, credentials: Credentials, fault: Fault, among: Collection[str] | None = None) -> str:
        """Take note of a failed call; says what is done about it."""
        at, now = self._standing[model], self._now()
        at.tries += 1
        delay = fault.delay(at.tries, self._chance)
        at.ready = now + delay
        at.cause, at.reason = "provider", f"waiting {spoken(delay)} for {fault.provider}: {fault.short}"
        if fault.policy.then == "keys":
            at.refused, at.cause = credentials, "keys"
            at.reason = self._what_to_set(model, fault)
        if fault.passed_on(at.tries, delay):
            at.rests_until = now + max(REST, delay)
        chosen = self.choose(among)
        if chosen.model != model:
            return f"going on with {chosen.model}"
        return "waiting for a person" if at.cause == "keys" else f"waiting {spoken(delay)}"

    def _what_to_set(self, model: str, fault: Fault) -> str:
        if fault.kind == "no_model":
            return f"{fault.provider} has no model {model} for this key ({fault.message}): choose another one"
        return f"{fault.provider} refused the key: {_set(self._keys.names(model))}"


def _set(names: Sequence[str]) -> str:
    return f"set {' or '.join(names) or 'another one'}, then `praxtui resume`"


def spoken(seconds: float) -> str:
    """A wait as people say it, never shorter than it is."""
    if seconds < 100:
        return f"{int(-(-seconds // 1))} s"
    if seconds < 5400:
        return f"{int(-(-seconds // 60))} min"
    return f"{-(-seconds // 360) / 10:.1f} h"
