"""The researcher's page: one part an experiment, the newest last, the one that is worked on at the very end. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from praxtui.journal.logs import safe
from praxtui.journal.shown import delta, plain
from praxtui.journal.state import Experiment, State
from praxtui.tui.actions import BY_ID
from praxtui.tui.keymap import shown
from praxtui.tui.panes.ledger_cells import Moment, verdict
from praxtui.tui.panes.researcher_words import doing, known
from praxtui.tui.panes.thoughts import Joined, Talk
from praxtui.tui.widgets.columns import Piece, fitted
from praxtui.tui.widgets.folds import Line, Part

STEP = 20  # experiments that are shown at first, and more of them at once
EARLIER = "earlier"
BETWEEN = (Piece(""),)


class Section:
    """An experiment: a line with what became of it and its title; below it what was said and done."""

    def __init__(self, state: State, e: Experiment, talk: Talk | None, current: bool) -> None:
        self.key = e.id
        self._state, self._e, self._talk, self._current = state, e, talk, current

    def head(self, width: int, open: bool) -> Line:
        """`▸ e46  discard  -2.9 sd  softcap 15 → 20`."""
        e = self._e
        # Gaps stand at the end of a piece: at the beginning of one, pictures of the screen lose them.
        said: list[Piece] = [Piece("▾ " if open else "▸ ", "weak"), Piece(f"{e.id:<4} ", "strong")]
        if e.verdict is None:
            words = doing(self._state, e, self._talk)
            said.append(Piece(f"{words}  ", "live" if self._current else "weak"))
        else:
            cell = verdict(self._state, e, Moment(0.0))
            pieces = [Piece(cell)] if isinstance(cell, str) else [cell] if isinstance(cell, Piece) else cell
            said += [*pieces[:-1], pieces[-1]._replace(text=f"{pieces[-1].text}  ")]
            if e.delta or e.delta_sd:
                said.append(Piece(f"{delta(e.delta, e.delta_sd)}  ", "weak"))
        said.append(Piece(f"{_line(e.title)}  " if e.title else ""))
        if e.reflected is not None and not open:
            said.append(Piece(f"{e.reflected}: {_line(e.revision)}", "weak"))
        return tuple(piece for piece in fitted(said, width) if piece.text)

    def body(self, width: int) -> Sequence[Line]:
        """The thoughts and calls, then what the record says."""
        parts: list[Sequence[Line]] = []
        if self._talk is not None:
            if not self._talk.whole:
                said = f"  … earlier thoughts: {shown(BY_ID['researcher.fold'].keys[0])} loads them"
                parts.append([(Piece(said, "weak"),)])
            parts += [entry.lines(width) for entry in self._talk.entries]
        parts.append(known(self._e, self._talk, width))
        return Joined(parts)


class Earlier:
    """The first line, where not all experiments are shown."""

    key = EARLIER

    def __init__(self, hidden: int) -> None:
        self._hidden = hidden

    def head(self, width: int, open: bool) -> Line:
        """How many there are, and which key shows some of them."""
        key = shown(BY_ID["researcher.fold"].keys[0])
        text = f"… {self._hidden} earlier: {key} shows {min(STEP, self._hidden)} more"
        return tuple(fitted(Piece(text, "weak"), width))

    def body(self, width: int) -> Sequence[Line]:
        """Nothing: it is replaced by what it names."""
        return ()


def window(state: State, most: int, current: str | None) -> tuple[list[Experiment], int]:
    """The newest `most` experiments, that worked on last, and how many earlier ones there are; the baseline, about
    which nothing is said, is none of them."""
    every = [e for e in state.children() if e.by or e.title]
    shown = every[-most:]
    if current in state.experiments:
        shown = [e for e in shown if e.id != current] + [state.experiments[current]]
    return shown, max(0, len(every) - len(shown))


def parts(state: State, most: int, current: str | None, talks: dict[str, Talk]) -> list[Part]:
    """The page of a moment."""
    experiments, hidden = window(state, most, current)
    found: list[Part] = [Earlier(hidden)] if hidden else []
    return [*found, *(Section(state, e, talks.get(e.id), e.id == current) for e in experiments)]


def _line(text: str) -> str:
    return plain(safe(text))


def title(e: Experiment) -> str:
    """`e48  RoPE base 10k → 200k`, for what is copied."""
    lines = [f"{e.id}  {plain(e.title)}"]
    lines += [f"because  {plain(e.mechanism)}"] if e.mechanism else []
    lines += [f"predicts  {plain(e.predicted)}"] if e.predicted else []
    return "\n".join(lines)
