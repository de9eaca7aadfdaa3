"""What a researcher said about one experiment, as lines that grow while it is said. Pure, but for prompts looked up."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any, overload

from praxtui.journal.logs import safe
from praxtui.journal.shown import plain
from praxtui.journal.store import StreamItem
from praxtui.journal.transcript import STRETCHES
from praxtui.tui.panes import call_words
from praxtui.tui.widgets.columns import Piece
from praxtui.tui.widgets.folds import Line
from praxtui.tui.widgets.wrapping import Growing, wrapped

VERB = 7  # columns of what a line begins with: read, edit, submit, verdict
MARKS = {"thought": "┆ ", "text": "│ ", "told": "» "}
KIND = {"thought": "thought", "text": "", "told": "weak", "fault": "warn"}
ASKED = {"draft": "asked for a draft", "repair": "asked to mend it", "reflect": "asked what it says"}
Asked = Callable[[str], str]
"""What a prompt, by its digest, was for: draft, repair or reflect."""


class Said:
    """A stretch of thought or answer, or what the model was told."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        self.text = Growing()
        self.text.add(text)

    def lines(self, width: int) -> Sequence[Line]:
        """Wrapped, each line behind a mark of its kind."""
        mark, kind = MARKS[self.kind], KIND[self.kind]
        return _Marked(self.text.lines(width - len(mark), safe), mark, kind)


class Called:
    """A tool call, with what came of it once that is there."""

    def __init__(self, id: str, name: str, arguments: str) -> None:
        self.id, self.name = id, name
        self.words = call_words.words(name, arguments)
        self.outcome: str | None = None
        self.refused = False

    def answer(self, result: str) -> None:
        """The result came."""
        self.outcome = call_words.outcome(self.name, result)
        self.refused = call_words.refused(result)

    def lines(self, width: int) -> Sequence[Line]:
        """`  edit   train.py: ROPE_BASE = 10_000 → 200_000`, wrapped behind the name."""
        verb = plain(self.name)
        indent = 2 + max(VERB, len(verb)) + 1
        said = [(line, "") for line in wrapped(self.words, width - indent) if line]
        if self.outcome:
            said += [(line, "bad" if self.refused else "weak") for line in wrapped(self.outcome, width - indent)]
        first, *more = said or [("", "")]
        head = (Piece("  "), Piece(f"{verb:<{VERB}} ", "call"), Piece(*first))
        return [head, *((Piece(" " * indent), Piece(text, kind)) for text, kind in more)]


class Told:
    """A line of our own about what happened: asked for a draft, a fault and what is done about it."""

    def __init__(self, label: str, text: str, kind: str) -> None:
        self.label, self.text, self.kind = label, text, kind
        self.times = 1

    def lines(self, width: int) -> Sequence[Line]:
        """Wrapped behind its label."""
        often = f" ({self.times} times)" if self.times > 1 else ""
        indent = 2 + max(VERB, len(self.label)) + 1 if self.label else 2
        first, *more = wrapped(plain(self.text) + often, width - indent)
        label = f"{self.label:<{VERB}} " if self.label else ""
        head = (Piece("  "), Piece(label, self.kind), Piece(first, self.kind))
        return [head, *((Piece(" " * indent), Piece(line, self.kind)) for line in more)]


Entry = Said | Called | Told


class Talk:
    """The conversations about one experiment, as far as they were read. `seq`: the last item read; `whole`: whether
    it is all there from the first; `what`, `steps`: what the latest conversation is for, and replies in it so far."""

    def __init__(self, asked: Asked) -> None:
        self.seq = 0
        self.at = 0.0
        self.whole = True
        self.what = ""
        self.steps = 0
        self.entries: list[Entry] = []
        self._asked = asked
        self._calls: dict[str, Called] = {}
        self._open = False

    def take(self, items: Iterable[StreamItem]) -> bool:
        """Further items; whether there were any."""
        before = self.seq
        for item in items:
            if item.seq > self.seq:
                self.seq, self.at = item.seq, item.at
                self._take(item)
        return self.seq != before

    def _take(self, item: StreamItem) -> None:
        if item.kind in STRETCHES:
            self._stretch(item)
            return
        self._open = False
        if item.kind == "prompt":
            self.what, self.steps = self._asked(item.text), 0
            self.entries.append(Told("", ASKED.get(self.what, "asked"), "weak"))
        elif item.kind == "usage":
            self.steps += 1
            self.what = self.what or str(decoded(item.text).get("what", ""))
        elif item.kind == "call":
            self._call(decoded(item.text))
        elif item.kind == "result":
            self._result(decoded(item.text))
        elif item.kind == "user":
            self.entries.append(Said("told", item.text))
        elif item.kind == "fault":
            self._fault(item.text)

    def _stretch(self, item: StreamItem) -> None:
        last = self.entries[-1] if self.entries else None
        if self._open and isinstance(last, Said) and last.kind == item.kind:
            last.text.add(item.text)
        else:
            self.entries.append(Said(item.kind, item.text))
            self._open = True

    def _call(self, data: dict[str, Any]) -> None:
        call = Called(str(data.get("id", "")), str(data.get("name", "")), str(data.get("arguments", "")))
        self._calls[call.id] = call
        self.entries.append(call)

    def _result(self, data: dict[str, Any]) -> None:
        call = self._calls.get(str(data.get("id", "")))
        if call is not None:
            call.answer(str(data.get("text", "")))

    def _fault(self, text: str) -> None:
        last = self.entries[-1] if self.entries else None
        if isinstance(last, Told) and last.label == "fault" and _alike(last.text, text):
            last.text, last.times = text, last.times + 1
        else:
            self.entries.append(Told("fault", text, "warn"))

    @property
    def plain(self) -> str:
        """All that was said and done, as text to copy."""
        return "\n".join("".join(piece.text for piece in line) for entry in self.entries for line in entry.lines(100))


def decoded(text: str) -> dict[str, Any]:
    """The JSON object of an item; an empty one where it is none: what was written by others proves nothing."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _alike(one: str, other: str) -> bool:
    """Whether two faults differ in their numbers only: the same one again, with another wait."""
    return re.sub(r"[\d.]+", "0", one) == re.sub(r"[\d.]+", "0", other)


class Joined(Sequence[Line]):
    """Several stretches of lines as one, without copying them."""

    def __init__(self, parts: Iterable[Sequence[Line]]) -> None:
        self._parts = [part for part in parts if len(part)]
        self._ends = list(accumulate(len(part) for part in self._parts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, n: int) -> Line: ...
    @overload
    def __getitem__(self, n: slice) -> Sequence[Line]: ...
    def __getitem__(self, n: int | slice) -> Line | Sequence[Line]:
        if isinstance(n, slice):
            return [self[i] for i in range(*n.indices(len(self)))]
        if not -len(self) <= n < len(self):
            raise IndexError(n)
        n %= len(self)
        i = bisect_right(self._ends, n)
        return self._parts[i][n - (self._ends[i - 1] if i else 0)]


class _Marked(Sequence[Line]):
    """Wrapped text with a mark before every line, made when it is looked at."""

    def __init__(self, lines: Sequence[str], mark: str, kind: str) -> None:
        self._lines, self._mark, self._kind = lines, mark, kind

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, n: int) -> Line: ...
    @overload
    def __getitem__(self, n: slice) -> Sequence[Line]: ...
    def __getitem__(self, n: int | slice) -> Line | Sequence[Line]:
        if isinstance(n, slice):
            return [self[i] for i in range(*n.indices(len(self)))]
        return (Piece(self._mark, "weak"), Piece(self._lines[n], self._kind))
