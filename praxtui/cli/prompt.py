"""What a model saw and said while it worked on one experiment, as a page: `praxtui show ID eN --prompt`.

Quoted text stands behind `│`, a model's thoughts behind `┆`, what an edit takes out and puts in behind `-` and `+`;
every other word is praxtui's. Nothing is left out: a part of a prompt that was shown before is named, not repeated.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from praxtui.cli.notes import Note, Span, notes
from praxtui.journal import called, logs
from praxtui.journal.shown import clock, count, money, plain
from praxtui.journal.state import Experiment
from praxtui.journal.store import Journal, StreamItem
from praxtui.journal.transcript import Shown, Turn, prompt_shown, read_back

THOUGHT = "┆ "
WHAT = {"draft": "a draft", "repair": "a repair", "reflect": "a reflection"}


class Ink:
    """Colours for a terminal; plain text where there is none."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def dim(self, text: str) -> str:
        """Thoughts, and what is there for completeness."""
        return f"\x1b[2m{text}\x1b[22m" if self.on else text

    def bold(self, text: str) -> str:
        """Where something begins."""
        return f"\x1b[1m{text}\x1b[22m" if self.on else text


class Asked(NamedTuple):
    """A first prompt: what it was for, and its parts."""

    what: str
    parts: list[Shown]


def turns(journal: Journal, items: Iterable[StreamItem]) -> list[tuple[Turn, Asked | None]]:
    """The turns of an experiment in order; of each `prompt`, what was shown. Raises BlobMissing."""
    return [(turn, _asked(journal, turn.text) if turn.kind == "prompt" else None) for turn in read_back(items)]


def _asked(journal: Journal, digest: str) -> Asked:
    parts = [part.decode("utf-8", "replace") for part in journal.get_parts(digest)]
    try:
        return Asked(*prompt_shown(parts))
    except (ValueError, LookupError, TypeError):
        return Asked("draft", [Shown("user", part) for part in parts])


def documents(found: Sequence[tuple[Turn, Asked | None]]) -> list[dict[str, Any]]:
    """The turns as JSON; a call's arguments are decoded where they can be, a prompt has its parts instead of text."""
    made = []
    for turn, asked in found:
        document: dict[str, Any] = {"kind": turn.kind, "at": turn.at}
        if asked is not None:
            document |= {"what": asked.what, "parts": [{"role": part.role, "text": part.text} for part in asked.parts]}
        elif turn.kind in ("usage", "left_out"):
            document |= turn.data
        else:
            document |= {"text": turn.text, "whole": turn.whole}
        if turn.kind in ("call", "result"):
            document |= {"id": turn.id, "name": turn.name}
        if turn.kind == "call":
            document["arguments"] = called.arguments(turn.text)
        made.append(document)
    return made


def page(journal: Journal, e: Experiment, found: Sequence[tuple[Turn, Asked | None]], ink: Ink) -> Iterator[str]:
    """The page, line by line, fit for any terminal."""
    found = list(coalesced(found))
    said = [turn for turn, _ in found]
    entries: list[tuple[float, Note | tuple[Turn, Asked | None]]] = [(turn.at, (turn, asked)) for turn, asked in found]
    entries += [(note.at, note) for note in notes(journal.read(), e.id, spans(said))]
    folded = folded_replies(said)
    shown: dict[str, str] = {}
    chapters = 0
    yield ink.bold(f"{e.id}  {plain(e.title) or 'no hypothesis yet'}")
    for _, entry in sorted(entries, key=lambda entry: entry[0]):
        if isinstance(entry, Note):
            yield from ("", *_head(entry.label, plain(entry.text), ink))
        elif entry[1] is not None:
            chapters += 1
            yield from _chapter(entry[0], entry[1], chapters, shown, ink)
        else:
            yield from ("", *_turn(entry[0], folded.get(id(entry[0])), ink))
    yield from ("", *_totals(chapters, [turn.data for turn in said if turn.kind == "usage"], ink))


def coalesced(found: Sequence[tuple[Turn, Asked | None]]) -> Iterator[tuple[Turn, Asked | None]]:
    """The turns with a fault that comes again and again, but for its numbers, as one."""
    alike = groupby(found, key=lambda one: re.sub(r"[\d.]+", "0", one[0].text) if one[0].kind == "fault" else id(one))
    for _, group in alike:
        (turn, asked), *more = group
        text = f"{turn.text} (and {len(more)} more like it)" if more else turn.text
        yield msgspec.structs.replace(turn, text=text), asked


def spans(found: Sequence[Turn]) -> list[Span]:
    """The conversations, from each prompt to the last turn before the next."""
    starts = [n for n, turn in enumerate(found) if turn.kind == "prompt"]
    ends = [*starts[1:], len(found)] if starts else []
    last = [found[end - 1] for end in ends]
    return [
        Span(found[start].at, turn.at, turn.kind in ("prompt", "thought", "text", "fault"))
        for start, turn in zip(starts, last, strict=True)
    ]


def _head(label: str, text: str, ink: Ink) -> list[str]:
    return [f"{ink.bold(f'{label:<8}')} {text}".rstrip()]


def _quoted(text: str, mark: str = called.QUOTED) -> Iterator[str]:
    yield from (f"    {mark}{logs.safe(line)}" if line else f"    {mark[0]}" for line in text.split("\n"))


def _chapter(turn: Turn, asked: Asked, number: int, shown: dict[str, str], ink: Ink) -> Iterator[str]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(turn.at))
    yield from ("", ink.bold(f"── conversation {number}, {WHAT.get(asked.what, plain(asked.what))}, {when} {'─' * 40}"))
    for n, part in enumerate(asked.parts, 1):
        size = f"part {n} of {len(asked.parts)}, {len(part.text):,} characters"
        before = shown.get(part.text)
        if before is not None:
            yield from ("", *_head(part.role, f"{size}: the same as {before}", ink))
            continue
        shown[part.text] = f"part {n} of conversation {number}"
        yield from ("", *_head(part.role, size, ink))
        yield from (_tools(part.text) if part.role == "tools" else _quoted(part.text))


def _tools(text: str) -> Iterator[str]:
    """The tools as the model was told of them: name, arguments and what they are for; their schemas as they are."""
    try:
        tools = [(tool["name"], tool["description"], tool["parameters"]) for tool in json.loads(text)]
    except (ValueError, LookupError, TypeError):
        yield from _quoted(text)
        return
    for name, description, parameters in tools:
        yield from _quoted(f"{name}: {description}")
        yield from _quoted(f"    {json.dumps(parameters, ensure_ascii=False)}")


def folded_replies(found: Sequence[Turn]) -> dict[int, str]:
    """Replies of JSON whose call stands below them anyway: what they say besides, by the identity of their turn."""
    said: dict[int, str] = {}
    for n, turn in enumerate(found):
        called_next = next((t.kind for t in found[n + 1 :] if t.kind not in ("usage", "thought")), None)
        if turn.kind != "text" or called_next != "call":
            continue
        reply = called.arguments(turn.text) if turn.text.strip().startswith("{") else None
        if reply is not None and reply.keys() == {"thought", "call"} and isinstance(reply["thought"], str):
            said[id(turn)] = reply["thought"]
    return said


def _turn(turn: Turn, folded: str | None, ink: Ink) -> Iterator[str]:
    broken = "" if turn.whole else "broke off:"
    if turn.kind == "thought":
        yield from _head("thinks", broken, ink)
        yield from map(ink.dim, _quoted(turn.text.removesuffix("\n"), THOUGHT))
    elif turn.kind == "text":
        yield from _head("says", broken if folded is None else "in JSON, with the call below:", ink)
        yield from _quoted((turn.text if folded is None else folded).removesuffix("\n"))
    elif turn.kind == "call":
        head, below = called.said(turn.name, turn.text)
        yield from _head("calls", logs.safe(head), ink)
        yield from (f"    {logs.safe(line)}" for line in below)
    elif turn.kind == "result":
        yield from _head("gets", f"from {plain(turn.name)}:", ink)
        yield from _quoted(turn.text.removesuffix("\n"))
    elif turn.kind == "user":
        yield from _head("is told", "", ink)
        yield from _quoted(turn.text.removesuffix("\n"))
    elif turn.kind == "left_out":
        left = len(turn.data.get("ids", ()))
        yield from _head("forgets", f"the answers to {left} earlier calls: they no longer fit beside the rest", ink)
    elif turn.kind == "fault":
        yield from _head("fault", plain(turn.text), ink)
    else:
        yield from _head("used", _used(turn.data), ink)


def _used(data: dict[str, Any]) -> str:
    """`model: 1,203 tokens fresh, 9,800 cached, 240 written; $0.0042; 3.1s`."""
    fresh = data.get("prompt", 0) - data.get("cached", 0)
    usd = data.get("usd")
    cut = {"length": "; cut off at its limit", "refused": "; refused by the provider"}.get(data.get("finish", ""), "")
    return (
        f"{plain(str(data.get('model', '')))}: {fresh:,} tokens fresh, {data.get('cached', 0):,} cached, "
        f"{data.get('output', 0):,} written; {'price unknown' if usd is None else money(usd)}; "
        f"{clock(data.get('seconds'))}{cut}"
    )


def _totals(chapters: int, spent: Sequence[dict[str, Any]], ink: Ink) -> list[str]:
    """All replies of the page; the campaign's books may hold more, of calls that ended without a reply."""
    read, cached, written = (sum(data.get(key, 0) for data in spent) for key in ("prompt", "cached", "output"))
    share = f", {100 * cached / read:.0f}% cached" if read else ""
    unknown = sum(data.get("prompt", 0) + data.get("output", 0) for data in spent if data.get("usd") is None)
    usd = sum(data.get("usd") or 0.0 for data in spent)
    known = f"{money(usd)} + {count(unknown)} tokens of unknown price" if usd else "price unknown"
    times = "1 conversation" if chapters == 1 else f"{chapters} conversations"
    replies = "1 reply" if len(spent) == 1 else f"{len(spent)} replies"
    said = f"{times}, {replies}: {read:,} tokens read{share}, {written:,} written; {known if unknown else money(usd)}"
    return _head("in all", said, ink)


def json_of(found: Sequence[tuple[Turn, Asked | None]], items: Sequence[StreamItem]) -> tuple[list[str], Any]:
    """What `show --json` has: the texts of the stream with prompts spelled out, and the turns."""
    prompts = iter(["".join(part.text for part in asked.parts) for _, asked in found if asked is not None])
    texts = [next(prompts, item.text) if item.kind == "prompt" else item.text for item in items]
    return texts, msgspec.to_builtins(documents(found))
