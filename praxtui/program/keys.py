"""Every key that a program may have, with the kind of its value; and the nearest one to a key that it may not have."""

from __future__ import annotations

from typing import Any

from praxtui.errors import nearest
from praxtui.program import kinds as k
from praxtui.program.kinds import Many, Optional, Table

_SETTINGS = Table(k.ANYTHING, "a mapping of settings")
_FILES = Many(k.GLOB, "[train.py]")

BLOCKS: dict[str, dict[str, Any]] = {
    "metric": {
        "name": k.METRIC,
        "goal": k.one_of("minimize", "maximize"),
        "target": Optional(k.NUMBER),
        "bound": Optional(k.NUMBER),
        "deterministic": k.SWITCH,
        "holdout": Optional(k.METRIC),
        "curve": Optional(k.METRIC),
        "also": Many(k.METRIC, "[peak_vram_mb]"),
    },
    "levers": {
        "edit": Many(k.GLOB, "[train.py]", least=1),
        "new": _FILES,
        "space": Table(
            k.SPACE,
            "a mapping from constants to ranges, such as {LR: [1e-4, 1e-1]}",
            r"(?:[^:]+:)?[^\W\d]\w*",
            "a constant's name, NAME or file.py:NAME",
        ),
    },
    "loop": {
        "setup": Optional(k.COMMAND),
        "data": Many(k.GLOB, "[data/]"),
        "run": k.COMMAND,
        "evaluate": Optional(k.COMMAND),
        "artifacts": Many(k.GLOB, "[out/]"),
        "check": Optional(k.COMMAND),
        "budget": k.DURATION,
        "timeout": Optional(k.DURATION, 0.0),
        "requires": Many(k.PACKAGE, "[torch]"),
        "python": k.Kind("auto, managed, or the path of a Python interpreter", k.TEXT.convert, text=True),
        "gpus": k.GPUS,
        "place": k.one_of("local", "ray", "slurm", "modal"),
        "ray": _SETTINGS,
        "slurm": _SETTINGS,
        "modal": _SETTINGS,
        "slots": k.POSITIVE,
        "lookahead": k.COUNT,
        "search": k.one_of("greedy", "tree"),
        "early_stop": k.one_of("off", "shadow", "auto"),
    },
    "constraints": {
        "keep": k.one_of("fast", "strict"),
        "repeats": k.POSITIVE,
        "limits": Table(k.LIMIT, 'a mapping from names to limits, such as {peak_vram_mb: "<= 80000"}'),
        "network": k.one_of("none", "setup", "run"),
        "secrets": Many(k.VARIABLE, "[OPENAI_API_KEY]"),
        "experiments": Optional(k.COUNT),
        "hours": Optional(k.HOURS),
        "usd": Optional(k.AMOUNT),
        "tokens": Optional(k.COUNT),
        "gpu_usd_per_hour": Optional(k.AMOUNT),
    },
}

REPORT = Table(k.ANYTHING, "a mapping, such as {wandb: project}")
REQUIRED = ("metric.name", "levers.edit", "loop.run")
DOTTED = tuple(f"{block}.{key}" for block, keys in BLOCKS.items() for key in keys)


def kind_of(dotted: str) -> Any | None:
    """The kind of a dotted key, or None for an unknown one."""
    block, _, key = dotted.partition(".")
    return REPORT if dotted == "report" else BLOCKS.get(block, {}).get(key)


def nearest_key(dotted: str) -> str:
    """The known key most like `dotted`, or "": the same word in another block, then the block's own, then any."""
    block, _, key = dotted.rpartition(".")
    key = key or dotted
    same = [name for name in DOTTED if name.endswith("." + key)]
    if same:
        return same[0]
    if block in BLOCKS and (near := nearest(key, BLOCKS[block], most=1)):
        return f"{block}.{near[0]}"
    if not block and (near := nearest(key, (*BLOCKS, "report"), most=1)):
        return near[0]
    last = {name.partition(".")[2]: name for name in DOTTED}
    if near := nearest(key, last, most=1):
        return last[near[0]]
    near = nearest(dotted, DOTTED, most=1)
    return near[0] if near else ""
