"""Keys that come faster than they are acted on, as they do in one packet over a slow connection.

Textual hands every key to what has the focus when the key arrives. In `h` and a hint typed in one go, the letters of
the hint would go where the focus was before `h`, and act there: its spaces would pause the campaign. Here a key waits
until the one before it was acted on.
"""

from __future__ import annotations

from collections import deque

from textual import events
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

LOST_S = 0.5
"""Seconds after which a key counts as acted on whatever became of it: who had it may be gone."""
MOUNTING_S = 0.01
ROUNDS = 3
"""Times a message follows a key along its way. The first comes with what the widget says of the key (that a field was
submitted), the second with what is done about it, the third with what that leaves for later, as `focus` does.
"""


class OneByOne(App[None]):
    """An app whose keys and pastes are acted on one after the other."""

    class Done(Message):
        """Follows a key along its way, and so arrives here when the key was acted on."""

        def __init__(self, target: MessagePump, rounds: int = ROUNDS) -> None:
            super().__init__()
            self.target = target
            self.rounds = rounds

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[events.Key | events.Paste] = deque()
        self._lost: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Hold keys back while one is acted on; all else as ever."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._typed.append(event)
            if self._lost is None:
                await self._next()
        else:
            await super().on_event(event)

    async def _next(self) -> None:
        """Hand over the next key, if there is one."""
        if not self._typed:
            return
        if not self.screen.is_mounted:
            self._lost = self.set_timer(MOUNTING_S, self._over)
            return
        event = self._typed.popleft()
        target = self.focused or self.screen
        self._lost = self.set_timer(LOST_S, self._over)
        await super().on_event(event)
        if not target.post_message(self.Done(target)):
            await self._over()

    async def on_one_by_one_done(self, message: Done) -> None:
        """The key was acted on, or nobody wanted it."""
        message.stop()
        left = message.rounds - 1
        if not left or not message.target.post_message(self.Done(message.target, left)):
            await self._over()

    async def _over(self) -> None:
        if self._lost is not None:
            self._lost.stop()
            self._lost = None
        await self._next()
