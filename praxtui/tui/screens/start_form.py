"""What the start sheet says of a program, and what its fields mean to the command line."""

from __future__ import annotations

from typing import NamedTuple

from praxtui.journal.shown import plain
from praxtui.program.spec import Program, seconds
from praxtui.tui.launch import Wish

RESEARCHERS = ("default", "sweep", "llm", "null")
ABOUT = {
    "sweep": "tries values of the constants in the levers; no model, no key, no cost",
    "llm": "a language model proposes; it needs a key, or a server on this machine",
    "null": "changes nothing: shows how often the judge keeps by luck",
    "auto": "drafts run by themselves",
    "review": "every draft waits until you approve it",
    "no": "a model's drafts run inside the sandbox, or not at all",
    "yes": "where there is no sandbox, a model's drafts run with your rights",
}


class Field(NamedTuple):
    """A field that is typed into. Empty means `otherwise`, which the program says."""

    name: str
    label: str
    otherwise: str


def summary(program: Program) -> list[tuple[str, str]]:
    """The program in five lines: what is measured, what may change, what runs, for how long, within which walls."""
    metric, loop, walls = program.metric, program.loop, program.constraints
    better = "higher" if program.sign > 0 else "lower"
    by = "by a sealed evaluator" if loop.evaluate else "reported by the run itself"
    limits = [f"{name} {limit}" for name, limit in walls.limits.items()]
    network = {"none": "no network", "setup": "network in setup only", "run": "runs may use the network"}
    said = [
        ("metric", f"{metric.name}, {better} is better, {by}"),
        ("levers", ", ".join((*program.levers.edit, *program.levers.new))),
        ("run", f"{loop.run}, {seconds(loop.budget)}"),
        ("budget", budget(program)),
        ("walls", ", ".join([network[walls.network], *limits])),
    ]
    return [(label, plain(value)) for label, value in said]


def budget(program: Program) -> str:
    """What a campaign may use if nobody says otherwise."""
    walls = program.constraints
    parts = [
        f"{walls.experiments} experiments" if walls.experiments is not None else "",
        f"{walls.hours:g} hours" if walls.hours is not None else "",
        f"{walls.usd:g} USD" if walls.usd is not None else "",
        f"{walls.tokens} tokens" if walls.tokens is not None else "",
    ]
    return ", ".join(filter(None, parts)) or "no limit"


def fields(program: Program | None) -> list[Field]:
    """The fields in their order. Without a program its values cannot be named, but hold all the same."""
    if program is None:
        said = dict.fromkeys(("experiments", "hours", "usd", "slots"), "as the program says")
    else:
        walls = program.constraints
        said = {
            "experiments": "no limit" if walls.experiments is None else str(walls.experiments),
            "hours": "no limit" if walls.hours is None else f"{walls.hours:g}",
            "usd": "no limit" if walls.usd is None else f"{walls.usd:g}, or none for no limit",
            "slots": f"{program.loop.slots}",
        }
    return [
        Field("experiments", "experiments", said["experiments"]),
        Field("hours", "hours", said["hours"]),
        Field("usd", "USD", said["usd"]),
        Field("slots", "runs at once", said["slots"]),
        Field("name", "name", "today's date and a letter"),
    ]


def wish(researcher: str, model: str, autonomy: str, unsandboxed: bool, typed: dict[str, str]) -> Wish:
    """What is asked of the command line. A model that is named while the default holds means the researcher llm.

    `model` may name several, split by commas: the next stand in for the first.
    """
    models = tuple(name.strip() for name in model.split(",") if name.strip())
    return Wish(
        researcher="" if researcher == "default" else researcher,
        models=models if researcher in ("default", "llm") else (),
        name=typed.get("name", ""),
        experiments=typed.get("experiments", ""),
        hours=typed.get("hours", ""),
        usd=typed.get("usd", ""),
        slots=typed.get("slots", ""),
        autonomy="" if autonomy == "auto" else autonomy,
        unsandboxed=unsandboxed,
    )
