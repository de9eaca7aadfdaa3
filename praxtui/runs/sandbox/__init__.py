"""Walls around the stages of a run, tried out before they are trusted.

`check` says which rung this machine has; `Walls` turns stages into confined ones. Three rungs: `full`, by bubblewrap,
all that `Sight` says and no more; `partial`, by Landlock, what the findings say; `none`, a stage runs with the person's
rights.
"""

from __future__ import annotations

from praxtui.runs.sandbox.links import reached
from praxtui.runs.sandbox.rungs import PROPERTIES, RUNGS, Rung, Sandbox, check, choice, words
from praxtui.runs.sandbox.walls import EVALUATION, Sight, Walls

__all__ = [
    "EVALUATION",
    "PROPERTIES",
    "RUNGS",
    "Rung",
    "Sandbox",
    "Sight",
    "Walls",
    "check",
    "choice",
    "reached",
    "words",
]
