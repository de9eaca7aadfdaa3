"""The keys at the bottom of the screen: as many of those that hold now as there is room for, the most used first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from praxtui.journal.shown import width
from praxtui.tui.actions import BY_ID
from praxtui.tui.panes.pane import styles

GAP = 2


class Key(NamedTuple):
    """A key and what it does; `rank` as in the table of actions."""

    keys: str
    label: str
    rank: int


def fitting(keys: Iterable[Key], columns: int) -> list[Key]:
    """As many as fit on a line, in the order of their ranks; the last three, which are help and leaving, always."""
    ordered = sorted(keys, key=lambda key: key.rank)
    tail = ordered[-3:]
    left = columns - 1 - sum(_wide(key) for key in tail)
    kept = []
    for key in ordered[:-3]:
        if _wide(key) > left:
            break
        left -= _wide(key)
        kept.append(key)
    while tail and sum(map(_wide, tail)) > columns:
        tail = tail[1:]
    return kept + tail


def _wide(key: Key) -> int:
    return width(key.keys) + 1 + width(key.label) + GAP


class KeyLine(Widget):
    """The line of keys. It reads the bindings that hold now, whenever they change."""

    DEFAULT_CSS = styles(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key--key", "key--label"}

    def __init__(self, shown: Callable[[str], str], useful: Callable[[str], bool] = lambda id: True) -> None:
        """`shown`: how a key of Textual's reads for a person; `useful`: whether an action would do anything now."""
        super().__init__()
        self._shown = shown
        self._useful = useful
        self._keys: Sequence[Key] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.read())
        self.call_after_refresh(self.read)

    def read(self) -> None:
        """Look again: the first key of every action that has a rank, of those that hold where the focus is."""
        if not self.is_attached or not self.screen.is_current:
            return
        found: dict[str, Key] = {}
        for name, active in self.screen.active_bindings.items():
            action = BY_ID.get(active.binding.id or "")
            if (
                action is not None
                and action.rank
                and active.enabled
                and action.id not in found
                and self._useful(action.id)
            ):
                found[action.id] = Key(self._shown(name), action.label, action.rank)
        keys = _paired(list(found.values()))
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line; blank below the first."""
        base = self.rich_style
        segments = [Segment(" ", base)]
        for key in fitting(self._keys, self.size.width) if y == 0 else ():
            segments.append(Segment(key.keys, base + self.get_component_rich_style("key--key", partial=True)))
            segments.append(Segment(" ", base))
            segments.append(Segment(key.label, base + self.get_component_rich_style("key--label", partial=True)))
            segments.append(Segment(" " * GAP, base))
        return Strip(segments).adjust_cell_length(self.size.width, base)


def _paired(keys: list[Key]) -> list[Key]:
    """Keys of the same rank and label stand together: `[ ] experiment`."""
    found: dict[tuple[int, str], Key] = {}
    for key in keys:
        there = found.get((key.rank, key.label))
        found[key.rank, key.label] = key if there is None else there._replace(keys=f"{there.keys} {key.keys}")
    return list(found.values())
