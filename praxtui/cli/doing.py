"""What the model does just now, from the stream: a few words for a line that is rewritten."""

from __future__ import annotations

from itertools import islice

from praxtui.journal import called
from praxtui.journal.blobs import BlobMissing
from praxtui.journal.faults import JournalCorrupt
from praxtui.journal.shown import clock, plain
from praxtui.journal.state import Experiment, State
from praxtui.journal.store import Journal, StreamItem

# Of the newest experiments one may be drafted while another is mended or reflected on.
NEWEST = 4
# Items read at one look: a follower that comes late catches up in several.
AT_ONCE = 4000
LINE = 60  # characters of a thought: its newest ones, beside all else that stands on the line
WORK = {"draft": "drafting", "repair": "mending", "reflect": "reflecting on"}


class Conversation:
    """The latest conversation about one experiment, as far as its items were read."""

    def __init__(self) -> None:
        self.seq = 0
        self.what = ""
        self.begun = 0.0
        self.steps = 0
        self.action = ""
        self._thought = ""

    def take(self, item: StreamItem, journal: Journal) -> None:
        """One more item."""
        self.seq = item.seq
        self._thought = (self._thought + item.text)[-4 * LINE :] if item.kind == "thought" else ""
        if item.kind == "prompt":
            self.what, self.begun, self.steps, self.action = _what(journal, item.text), item.at, 0, "asked"
        elif item.kind == "usage":
            self.steps += 1
        elif item.kind == "thought":
            self.action = f"thinks {_last_words(self._thought)}".rstrip()
        elif item.kind == "text":
            self.action = "answers"
        elif item.kind == "call":
            self.action = _call(item.text)

    def concerns(self, e: Experiment) -> bool:
        """Whether it is still going on, as far as the facts say."""
        if self.what == "reflect":
            return e.reflected is None
        if self.what == "repair":
            return e.verdict is None and bool(e.runs) and e.runs[-1].over
        return bool(self.what) and e.verdict is None and e.commit is None and not e.vetoed


class Doing:
    """Follows the conversations of a campaign; each look reads what is new about its newest experiments."""

    def __init__(self) -> None:
        self._talks: dict[str, Conversation] = {}

    def now(self, journal: Journal, state: State, at: float) -> tuple[str, str] | None:
        """The experiment that the model works on, and `drafting e7 0:42: read train.py, step 4`; None where none is."""
        newest = list(state.experiments.values())[-NEWEST:]
        self._talks = {e.id: self._talks.get(e.id) or Conversation() for e in newest}
        found = None
        for e in newest:
            talk = self._talks[e.id]
            for item in islice(journal.stream_read(talk.seq, e.id), AT_ONCE):
                talk.take(item, journal)
            if talk.concerns(e) and (found is None or talk.begun >= found[1].begun):
                found = e.id, talk
        if found is None:
            return None
        name, talk = found
        step = f", step {talk.steps + 1}" if talk.steps else ""
        return name, f"{WORK.get(talk.what, 'drafting')} {name} {clock(max(0.0, at - talk.begun))}: {talk.action}{step}"


def _what(journal: Journal, digest: str) -> str:
    from praxtui.journal.transcript import prompt_shown

    try:
        parts = [part.decode("utf-8", "replace") for part in journal.get_parts(digest)]
        return prompt_shown(parts)[0]
    except (BlobMissing, JournalCorrupt, ValueError, LookupError, TypeError):
        return "draft"


def _call(text: str) -> str:
    import json

    try:
        found = json.loads(text)
        return plain(called.short(found["name"], found["arguments"]))
    except (ValueError, LookupError, TypeError):
        return "calls a tool"


def _last_words(text: str) -> str:
    line = plain(next((line for line in reversed(text.split("\n")) if line.strip()), ""))
    return f"“{line if len(line) <= LINE else '…' + line[1 - LINE :]}”" if line else ""
