"""The command palette: every action that holds now, found by any word of it."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.screen import Screen

from praxtui.tui.actions import BY_ID
from praxtui.tui.keymap import shown


class Doable(NamedTuple):
    """An action that holds now: where it would be done, its words, and its keys."""

    node: DOMNode
    action: str
    text: str
    keys: str


def doable(screen: Screen[object]) -> list[Doable]:
    """What can be done on a screen as it is, innermost place first; scrolling apart, which nobody looks up here."""
    keys: dict[str, list[str]] = {}
    first: dict[str, Doable] = {}
    for key, active in screen.active_bindings.items():
        action = BY_ID.get(active.binding.id or "")
        if action is None or action.where == "scroll" or action.id == "everywhere.palette" or not active.enabled:
            continue
        keys.setdefault(action.id, []).append(shown(key))
        text = f"{action.label}: {action.about}"
        first.setdefault(action.id, Doable(active.node, active.binding.action, text, ""))
    return [found._replace(keys=" ".join(keys[id])) for id, found in first.items()]


class Actions(Provider):
    """The table of actions, as far as it holds where the palette was opened."""

    async def startup(self) -> None:
        self._doable = doable(self.screen)

    async def discover(self) -> Hits:
        """All of them, while nothing is typed."""
        for found in self._doable:
            yield DiscoveryHit(found.text, partial(self._do, found), help=found.keys)

    async def search(self, query: str) -> Hits:
        """Those with the letters that were typed."""
        matcher = self.matcher(query)
        for found in self._doable:
            score = matcher.match(found.text)
            if score > 0:
                yield Hit(score, matcher.highlight(found.text), partial(self._do, found), found.text, found.keys)

    async def _do(self, found: Doable) -> None:
        await self.app.run_action(found.action, found.node)
