"""Keys that are checked and stored, and whose feature this version does not have."""

from __future__ import annotations

from msgspec import Struct

from praxtui.program.spec import Program


class Unavailable(Struct, frozen=True):
    """A key whose value asks for what is not there. `hard`: the campaign must not start; else it runs, so noticed."""

    key: str
    message: str
    hard: bool


def unavailable(program: Program) -> tuple[Unavailable, ...]:
    """What `program` asks for that this version cannot do, hard ones first."""
    loop, walls, given = program.loop, program.constraints, program.lines
    hard = {
        "loop.place": (
            loop.place != "local",
            f"place {loop.place}: runs execute on this machine; set loop.place: local",
        ),
        "loop.slots": (loop.slots > 1, f"slots {loop.slots}: one experiment runs at a time; set loop.slots: 1"),
        "loop.lookahead": (
            loop.lookahead > 1,
            f"lookahead {loop.lookahead}: one draft waits at most; set loop.lookahead: 1",
        ),
        "loop.search": (loop.search == "tree", "search tree: the campaign follows one branch; set loop.search: greedy"),
        "loop.python": (
            loop.python == "managed",
            "python managed: set loop.python: auto, or the path of an interpreter",
        ),
        "report": (
            bool(program.report),
            f"report {', '.join(program.report)}: no live mirrors; remove the report block",
        ),
    }
    stops = "loop.early_stop" in given and program.early_stop != "off"
    soft = {
        "loop.early_stop": (stops, f"early_stop {loop.early_stop}: every run goes on to its end"),
        "constraints.network": (walls.network == "none", "network none: setup is not kept from the network"),
    }
    return tuple(
        Unavailable(key, f"not available yet: {message}", level is hard)
        for level in (hard, soft)
        for key, (asked, message) in level.items()
        if asked
    )
