"""All that a model was shown and said about one experiment, as parts that open and close. Pure, but for its source."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from praxtui.errors import UserError
from praxtui.journal import called
from praxtui.journal.logs import safe
from praxtui.journal.shown import clock, money, plain
from praxtui.journal.store import StreamItem
from praxtui.journal.transcript import STRETCHES, prompt_shown
from praxtui.tui.panes.thoughts import ASKED, decoded
from praxtui.tui.sources.protocol import Source
from praxtui.tui.widgets.columns import Piece, fitted
from praxtui.tui.widgets.folds import Line, Part
from praxtui.tui.widgets.wrapping import Growing, wrapped

LABEL = 9  # columns of what a line begins with
AT_ONCE = 2000
LABELS = {"thought": "thinks", "text": "says", "user": "is told"}
BODIES = {"thought": ("┆ ", "thought"), "text": ("│ ", ""), "user": ("│ ", "weak"), "prompt": ("│ ", "weak")}


class Turn:
    """One turn: a line, and what stands below it. `kind` is that of the stream, or `chapter` where a prompt begins."""

    def __init__(self, key: str, kind: str, label: str, said: str = "", style: str = "") -> None:
        self.key, self.kind = key, kind
        self.said, self.style = said, style
        self.text = Growing()
        self.below: list[tuple[str, str]] = []
        self._label = label

    @property
    def holds(self) -> bool:
        """Whether anything stands below it."""
        return bool(self.below or self.text.paragraphs or self.text.text)

    def head(self, width: int, open: bool) -> Line:
        """`▸ thinks   1,203 characters`."""
        sign = ("▾ " if open else "▸ ") if self.holds else "  "
        said = self.said
        if self.kind in BODIES and self.kind != "chapter":
            size = len(self.text.text)
            said = said or f"{size:,} character{'s' if size != 1 else ''}"
        label = Piece(f"{self._label:<{LABEL}} ", "strong" if self.kind == "chapter" else "call")
        return tuple(piece for piece in fitted([Piece(sign, "weak"), label, Piece(said, self.style)], width))

    def body(self, width: int) -> Sequence[Line]:
        """What was said, wrapped; a call's arguments with their signs."""
        if self.below:
            return [
                (Piece("    "), Piece(line, kind))
                for text, kind in self.below
                for line in wrapped(safe(text), width - 4)
            ]  # fmt: skip
        mark, kind = BODIES.get(self.kind, ("│ ", ""))
        return [(Piece(f"  {mark}", "weak"), Piece(line, kind)) for line in self.text.lines(width - 4, safe)]


class Conversation:
    """The turns, as far as they were read."""

    def __init__(self, experiment: str) -> None:
        self.experiment = experiment
        self.seq = 0
        self.turns: list[Turn] = []
        self.opened: set[str] = set()
        self._shown: dict[str, str] = {}
        self._open = False
        self._chapters = 0

    def read(self, source: Source) -> bool:
        """Take in what the stream has more; whether there was anything."""
        before = self.seq
        while items := source.stream(self.experiment, self.seq, AT_ONCE):
            for item in items:
                self.seq = item.seq
                self._take(item, source)
        return self.seq != before

    @property
    def parts(self) -> Sequence[Part]:
        """The parts of the page."""
        return self.turns

    def _take(self, item: StreamItem, source: Source) -> None:
        if item.kind in STRETCHES:
            self._stretch(item)
            return
        self._open = False
        data = decoded(item.text)
        if item.kind == "prompt":
            self._prompt(item, source)
        elif item.kind == "usage":
            self._add("usage", "used", used(data), "weak")
        elif item.kind == "call":
            self._call(data)
        elif item.kind == "result":
            self._result(data)
        elif item.kind == "user":
            self._add("user", LABELS["user"]).text.add(item.text)
        elif item.kind == "left_out":
            ids = data.get("ids")
            count = len(ids) if isinstance(ids, list) else 0
            self._add("left_out", "forgets", f"{count} earlier answers: they no longer fit beside the rest", "weak")
        elif item.kind == "fault":
            self._add("fault", "fault", plain(item.text), "warn")

    def _add(self, kind: str, label: str, said: str = "", style: str = "", open: bool = False) -> Turn:
        turn = Turn(str(len(self.turns)), kind, label, said, style)
        self.turns.append(turn)
        if open:
            self.opened.add(turn.key)
        return turn

    def _stretch(self, item: StreamItem) -> None:
        if not (self._open and self.turns and self.turns[-1].kind == item.kind):
            self._add(item.kind, LABELS[item.kind], open=True)
            self._open = True
        self.turns[-1].text.add(item.text)

    def _call(self, data: dict[str, Any]) -> None:
        head, below = called.said(plain(str(data.get("name", ""))), str(data.get("arguments", "")))
        turn = self._add("call", "calls", safe(head), open=True)
        kinds = {called.REMOVED: "removed", called.ADDED: "added"}
        turn.below = [(line, kinds.get(line[:2], "")) for line in below]

    def _result(self, data: dict[str, Any]) -> None:
        text = str(data.get("text", ""))
        lines = text.count("\n") + 1
        first = plain(safe(text.split("\n", 1)[0]))
        said = first if lines == 1 else f"{lines} lines: {first}"
        turn = self._add("result", "gets", said, "bad" if text.startswith("error:") else "weak")
        if lines > 1 or len(first) > 60:
            turn.text.add(text)

    def _prompt(self, item: StreamItem, source: Source) -> None:
        what, shown = prompt_of(source, item.text)
        self._chapters += 1
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(item.at))
        self._add("chapter", f"{self._chapters}. ", f"{ASKED.get(what, what)}, {when}", "strong")
        for n, (role, text) in enumerate(shown, 1):
            before = self._shown.get(text)
            turn = self._add("prompt", role)
            if before is not None:
                turn.said = f"the same as {before}"
                continue
            self._shown[text] = f"part {n} of conversation {self._chapters}"
            turn.text.add(text)


def prompt_of(source: Source, digest: str) -> tuple[str, list[tuple[str, str]]]:
    """What a prompt was for, and its parts by role; a sentence in place of parts that cannot be read."""
    try:
        parts = [part.decode("utf-8", "replace") for part in source.parts(digest)]
    except UserError as error:
        return "draft", [("missing", error.message)]
    try:
        what, shown = prompt_shown(parts)
        return what, [(part.role, part.text) for part in shown]
    except (ValueError, LookupError, TypeError):
        return "draft", [("user", part) for part in parts]


def used(data: dict[str, Any]) -> str:
    """`model: 1,203 tokens fresh, 9,800 cached, 240 written; $0.0042; 3.1s`."""
    try:
        fresh = int(data.get("prompt", 0)) - int(data.get("cached", 0))
        cached, written = int(data.get("cached", 0)), int(data.get("output", 0))
        usd = None if data.get("usd") is None else float(data["usd"])
        seconds = float(data.get("seconds") or 0.0)
    except (TypeError, ValueError):
        return json.dumps(data)[:200]
    price = "price unknown" if usd is None else money(usd)
    model = plain(str(data.get("model", "")))
    return f"{model}: {fresh:,} tokens fresh, {cached:,} cached, {written:,} written; {price}; {clock(seconds)}"
