"""Researchers by name, each imported when it is asked for."""

from __future__ import annotations

from typing import Any

from praxtui.errors import UserError, did_you_mean
from praxtui.research.protocol import Researcher

NAMES = ("sweep", "null", "llm")


def make(name: str, **options: Any) -> Researcher:
    """The researcher called `name`; raises UserError for an unknown name. `llm` takes `models`, `keys`, `settings`."""
    if options and name in ("sweep", "null"):
        raise UserError(f"the {name} researcher takes no {', '.join(sorted(options))}", fix="leave the option out")
    if name == "sweep":
        from praxtui.research.sweep import Sweep

        return Sweep()
    if name == "null":
        from praxtui.research.null import Null

        return Null()
    if name == "llm":
        from praxtui.research.llm.researcher import build

        return build(**options)
    raise UserError(
        f"unknown researcher {name!r}{did_you_mean(name, NAMES)}",
        fix=f"valid researchers: {', '.join(NAMES)}",
    )
