"""What a request costs, and how much of it a provider's prompt cache would have held.

A token is taken as four bytes of UTF-8. OpenAI caches every prompt from 1,024 tokens on, in steps of 128; Anthropic
keeps what ends at a `cache_control` mark and looks for it up to 20 blocks before a later mark.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from tests.scripted.said import Used

BYTES_PER_TOKEN = 4
STEP = 128  # tokens
LOOK_BACK = 20  # blocks
ENTRIES = 100_000


@dataclass(frozen=True)
class Span:
    """A block of a prompt; `mark`: everything up to its end is worth keeping."""

    text: str
    mark: bool = False


def tokens(text: str) -> int:
    """Tokens of a text, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


class Cache:
    """Prefixes that were seen, by who asked. `least`: prompts with fewer tokens are not cached."""

    def __init__(self, least: int = 1024) -> None:
        self.least = least
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def by_steps(self, scope: str, spans: Sequence[Span]) -> Used:
        """As OpenAI does it: the longest known prefix, in whole steps."""
        raw = "".join(span.text for span in spans).encode("utf-8", "surrogatepass")
        whole = -(-len(raw) // BYTES_PER_TOKEN)
        width = STEP * BYTES_PER_TOKEN
        digest = hashlib.blake2b(scope.encode(), digest_size=12)
        cached, unbroken, seen = 0, True, []
        for end in range(width, len(raw) + 1, width):
            digest.update(raw[end - width : end])
            seen.append(digest.copy().digest())
            unbroken = unbroken and seen[-1] in self._known
            cached += STEP if unbroken else 0
        if whole >= self.least:
            self._keep(seen)
        return Used(whole, cached if cached >= self.least else 0)

    def by_marks(self, scope: str, spans: Sequence[Span]) -> Used:
        """As Anthropic does it: the longest known prefix at or up to 20 blocks before a mark; marks are written."""
        digest = hashlib.blake2b(scope.encode(), digest_size=12)
        ends: list[tuple[bytes, int]] = []
        size = 0
        for span in spans:
            digest.update(span.text.encode("utf-8", "surrogatepass"))
            size += tokens(span.text)
            ends.append((digest.copy().digest(), size))
        marks = [at for at, span in enumerate(spans) if span.mark and ends[at][1] >= self.least]
        near = (ends[at] for mark in marks for at in range(max(0, mark - LOOK_BACK), mark + 1))
        cached = max((length for key, length in near if key in self._known), default=0)
        self._keep([ends[mark][0] for mark in marks])
        until = ends[marks[-1]][1] if marks else 0
        return Used(size, cached, max(0, until - cached))

    def _keep(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            self._known[key] = None
            self._known.move_to_end(key)
        while len(self._known) > ENTRIES:
            self._known.popitem(last=False)
