"""Walls around the stages of a run: bubblewrap, tried out before it is trusted.

`check` says whether this machine has rung `full`; `Walls` turns stages into confined ones. Two rungs: `full`, all that
`Sight` says and no more; `none`, a stage runs with the person's rights.
"""

from __future__ import annotations

from praxtui.runs.sandbox.links import reached
from praxtui.runs.sandbox.walls import EVALUATION, Sandbox, Sight, Walls, check, choice, words

__all__ = ["EVALUATION", "Sandbox", "Sight", "Walls", "check", "choice", "reached", "words"]
