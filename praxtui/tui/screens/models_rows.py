"""The language models within reach, as `praxtui models --json` says them, for the screens that show or choose one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from praxtui.journal.shown import count, plain
from praxtui.tui import launch
from praxtui.tui.widgets.columns import Cell, Column, Piece

ASK = ("models", "--json")
ORIGINS = {"settings": "of the settings", "key": "its key is there", "server": "on this machine"}


class ModelRow(NamedTuple):
    """One model. Prices in USD for a million tokens, None where unknown; `lacks`: what to set before it can be used."""

    name: str
    origin: str
    usable: bool
    lacks: tuple[str, ...] = ()
    context: int | None = None
    price_input: float | None = None
    price_output: float | None = None
    tools: bool | None = None


class Models(NamedTuple):
    """What is within reach: models, where keys are from by provider, addresses of servers on this machine.

    `fault`: why it could not be found out.
    """

    rows: tuple[ModelRow, ...] = ()
    providers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    servers: tuple[str, ...] = ()
    fault: str = ""

    @property
    def keyless(self) -> bool:
        """Whether no language model can be used here."""
        return not self.providers and not any(row.usable for row in self.rows)


def ask(wanted: Callable[[], bool] = lambda: True) -> Models | None:
    """What the command line says; takes a second, so it belongs in a thread. None where nobody wants to know."""
    said = launch.call(ASK, wanted)
    return None if said is None else parsed(said)


def parsed(said: launch.Said) -> Models:
    """The document of `praxtui models --json`, or why there is none."""
    document = launch.last_json(said.out)
    if not said.ok or not isinstance(document, dict):
        why = launch.refusal(said)
        return Models(fault=f"{why.message}; {why.fix}" if why.fix else why.message)
    return Models(
        rows=tuple(_row(row) for row in document.get("models", ())),
        providers=tuple(
            (str(name), tuple(f"{key} ({origin})" for key, origin in keys.items()))
            for name, keys in document.get("providers", {}).items()
        ),
        servers=tuple(f"{one.get('kind')} at {one.get('address')}" for one in document.get("servers", ())),
    )


def _row(row: dict[str, Any]) -> ModelRow:
    return ModelRow(
        name=str(row["name"]),
        origin=str(row.get("from", "")),
        usable=bool(row.get("usable")),
        lacks=tuple(row.get("missing") or ()),
        context=row.get("context"),
        price_input=row.get("price_input"),
        price_output=row.get("price_output"),
        tools=row.get("tools"),
    )


def chosen(models: Models | None, named: Sequence[str]) -> tuple[str, str]:
    """The researcher of a campaign for which nobody chooses one, and why; `named` are the models of the settings.

    The rule is the command line's: the models of the settings where a key is there, else sweep; a model that nobody
    named is never paid for.
    """
    if models is None:
        return "", "looking for keys"
    if models.fault:
        return "", models.fault
    there = [row.name for row in models.rows if row.origin == "settings" and row.usable and _named(row.name, named)]
    if there:
        return "llm", f"{plain(there[0])}, of your settings"
    lacking = [row for row in models.rows if row.origin == "settings" and row.lacks and _named(row.name, named)]
    if lacking:
        return "sweep", f"no model: {plain(lacking[0].name)} lacks {' or '.join(map(plain, lacking[0].lacks))}"
    usable = next((row.name for row in models.rows if row.usable), None)
    if usable:
        return "sweep", f"no model; choose llm for {plain(usable)}"
    return "sweep", "no model, no key, no cost"


def _named(name: str, named: Sequence[str]) -> bool:
    """Whether the settings list the model: they may leave out its provider."""
    return any(name == one or name.endswith(f"/{one}") for one in named)


COLUMNS = (
    Column("model", "model", 20, grows=True),
    Column("ready", "ready", 18, grows=True),
    Column("context", "context", 7, drop=2, right=True),
    Column("input", "input", 7, drop=1, right=True),
    Column("output", "output", 7, drop=1, right=True),
    Column("tools", "tools", 7, drop=3),
)


def cells(row: ModelRow) -> tuple[Cell, ...]:
    """The cells of COLUMNS."""
    lacks = f"needs {' or '.join(row.lacks)}" if row.lacks else "no"
    return (
        row.name,
        Piece("ready", "good") if row.usable else Piece(lacks, "warn"),
        count(row.context) if row.context else "unknown",
        usd(row.price_input),
        usd(row.price_output),
        {True: "yes", False: "no", None: "unknown"}[row.tools],
    )


def usd(price: float | None) -> str:
    """A price for a million tokens."""
    if not price:
        return "unknown" if price is None else "free"
    return f"${price:.2f}" if price >= 0.0995 else f"${price:.2g}"
