"""Where a person's hints went, in words, and the history that the hint line goes through. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from praxtui.journal.shown import delta, plain
from praxtui.journal.state import Hint, State
from praxtui.journal.status import hint as document

MOST = 8_000
"""Characters of a hint at most: every later prompt carries it."""


class Row(NamedTuple):
    """A hint as it is listed. `fate`: in full; `brief`: in two or three words; `kind`: waiting, used, paid or over."""

    id: str
    text: str
    fate: str
    brief: str
    kind: str


def rows(state: State) -> list[Row]:
    """The hints of a campaign, oldest first, and what became of each so far."""
    return [_row(state, given) for given in state.hints.values()]


def _row(state: State, given: Hint) -> Row:
    results: Sequence[Mapping[str, Any]] = document(state, given)["results"]
    text = plain(given.text)
    if not results:
        word = "withdrawn" if given.withdrawn else "waiting"
        return Row(given.id, text, word, word, "over" if given.withdrawn else "waiting")
    paid = [result for result in results if _paid(result)]
    open_ = [result for result in results if result["verdict"] is None]
    ids = ", ".join(result["id"] for result in (results if len(results) <= 2 else results[-1:]))
    more = f" and {len(results) - 1} more" if len(results) > 2 else ""
    outcome = "paid" if paid else "being tried" if open_ else "not paid"
    shown = paid[-1] if paid else results[-1]
    fate = f"used by {shown['id']}: {_result(shown)}"
    if len(results) > 1:
        fate += f", {len(results)} in all"
    if given.withdrawn:
        fate += ", withdrawn"
    return Row(given.id, text, fate, f"used by {ids}{more}, {outcome}", "paid" if paid else "used")


def _paid(result: Mapping[str, Any]) -> bool:
    return bool(result["verdict"] == "keep" and result["standing"] != "revoked")


def _result(result: Mapping[str, Any]) -> str:
    """`keep +1.1 sd (paid)`, `discard -0.3 sd (not paid)`, `crash (not paid)`, `being tried`."""
    verdict = result["verdict"]
    if verdict is None:
        return "being tried"
    if result["standing"] == "revoked":
        verdict = "keep revoked"
    said = delta(result["delta"], result["delta_sd"])
    return f"{verdict}{'' if said == '-' else f' {said}'} ({'paid' if _paid(result) else 'not paid'})"


def refused(text: str) -> str | None:
    """Why a hint is not sent; None where it is."""
    if not text.strip():
        return "an empty hint says nothing"
    if len(text) > MOST:
        return f"a hint has at most {MOST:,} characters, this one has {len(text):,}"
    return None


class History:
    """What the arrow keys go through: the campaign's hints, then what was typed and left, then what is being typed.

    `draft` is what is being typed, and is kept while earlier entries are looked at.
    """

    def __init__(self) -> None:
        self.draft = ""
        self._given: list[tuple[str, str]] = []  # id and text
        self._left: list[str] = []
        self._at: int | None = None

    def know(self, hints: Sequence[tuple[str, str]]) -> None:
        """The campaign's hints as (id, text), oldest first. Where one is being looked at, it stays the one."""
        seen = self.pointed
        if self._at is not None:
            self._at += len(hints) - len(self._given)
            if self._at < 0:
                self._at = None
        self._given = list(hints)
        if seen is not None:
            self._at = next((n for n, (id, _) in enumerate(self._given) if id == seen), None)

    @property
    def entries(self) -> list[str]:
        """All texts, oldest first."""
        return [text for _, text in self._given] + self._left

    @property
    def pointed(self) -> str | None:
        """The id of the hint that is being looked at; None where it is something typed."""
        return self._given[self._at][0] if self._at is not None and self._at < len(self._given) else None

    def point(self, id: str) -> str:
        """Look at a hint; its text."""
        self._at = next(n for n, (known, _) in enumerate(self._given) if known == id)
        return self.entries[self._at]

    def back(self, text: str) -> str | None:
        """One entry earlier, where `text` stands in the field now; None at the beginning."""
        entries = self.entries
        self.edited(text)
        at = len(entries) if self._at is None else self._at
        if at == 0:
            return None
        self._at = at - 1
        return entries[self._at]

    def on(self, text: str) -> str | None:
        """One entry later; after the last, what was being typed; None where that is shown already."""
        self.edited(text)
        if self._at is None:
            return None
        entries = self.entries
        self._at = self._at + 1 if self._at + 1 < len(entries) else None
        return self.draft if self._at is None else entries[self._at]

    def edited(self, text: str) -> None:
        """`text` stands in the field: an entry that it differs from is something being typed from then on."""
        if self._at is None or text != self.entries[self._at]:
            self.draft, self._at = text, None

    def leave(self, text: str) -> None:
        """The field is left with `text` in it: what was being typed will be there again."""
        self.edited(text)
        self._at = None
        if self.draft.strip() and self.draft not in self._left:
            self._left.append(self.draft)

    def sent(self, text: str) -> None:
        """`text` was sent: nothing is being typed any more. The campaign will list it as a hint."""
        self._at = None
        self.draft = ""
        self._left = [left for left in self._left if left != text]
