"""How many tokens a call used, as its provider reports it."""

from __future__ import annotations

import msgspec


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one call: `prompt` holds `cached` (read from the provider's cache) and `written` (put into it)."""

    prompt: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
