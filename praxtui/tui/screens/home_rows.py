"""The rows of the home screen: what is said of a leaf and of a campaign, in which order, and which words find it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from praxtui.journal.shown import DASH, clock, metric, plain, price, width
from praxtui.journal.state import State
from praxtui.journal.status import document
from praxtui.program.ready import Missing
from praxtui.tui.keymap import key_of
from praxtui.tui.widgets.columns import Column, Piece

ARROWS = {"minimize": "↓", "maximize": "↑"}
LIVE = ("running", "paused", "waiting")


class LeafRow(NamedTuple):
    """A leaf. `missing` is what it lacks to run here: None until that is known, empty where it is ready.

    `faulty`: its program has errors, and `missing` holds them.
    """

    name: str
    path: Path
    task: str = ""
    metric: str = ""
    goal: str = ""
    missing: tuple[Missing, ...] | None = None
    faulty: bool = False


class Folder(NamedTuple):
    """A folder with several leaves in it, and whether they are shown."""

    name: str
    leaves: int
    opened: bool


class CampaignRow(NamedTuple):
    """A campaign. Times in seconds since 1970, `seconds` is live time, `usd` None where some of it is not known.

    `best` is the head's fresh estimate, or where there is none what it showed when it was selected (`estimated`).
    `fault`: why the record cannot be read, wholly or from some point on. `read` is False until its journal was read.
    """

    id: str
    leaf: str = ""
    leaf_path: str = ""
    state: str = ""
    phase: str = ""
    metric: str = ""
    goal: str = ""
    best: float | None = None
    baseline: float | None = None
    estimated: bool = False
    improved: float | None = None
    tried: int = 0
    seconds: float = 0.0
    usd: float | None = 0.0
    created: float = 0.0
    needs: str = ""
    fault: str = ""
    read: bool = True

    @property
    def change(self) -> float | None:
        """The metric's change since the baseline as a share of it: -0.1 is ten percent lower, better or not."""
        if self.best is None or not self.baseline or not self.improved:
            return None
        return (self.best - self.baseline) / abs(self.baseline)

    @property
    def gain(self) -> float | None:
        """The same, positive where it is better."""
        change = self.change
        return change if change is None or self.goal == "maximize" else -change


# --- from the record -------------------------------------------------------------------------------------------------


def campaign_row(state: State, *, alive: bool, created: float, fault: str = "") -> CampaignRow:
    """What the home screen says of a folded campaign."""
    s = document(state, alive=alive)
    fresh = s["best"]
    best = fresh if fresh is not None else s["best_observed"]
    return CampaignRow(
        id=s["id"],
        leaf=s["leaf"],
        leaf_path=state.leaf,
        state=s["state"],
        phase=s["phase"],
        metric=s["metric"] or "",
        goal=s["goal"] or "",
        best=best,
        baseline=s["baseline"],
        estimated=fresh is None and best is not None and s["best_id"] != "e0",
        improved=_improved(state),
        tried=s["experiments"],
        seconds=state.spent.seconds,
        usd=s["spent"]["usd"],
        created=created,
        needs=_needs(s, state),
        fault=fault,
    )


def _improved(state: State) -> float | None:
    """When the head was kept, the last time that the campaign got better; None where it never did."""
    kept = [e.judged or e.begun for e in state.children() if e.verdict == "keep" and e.standing != "revoked"]
    return kept[-1] if kept else None


def _needs(s: dict[str, Any], state: State) -> str:
    """Why a person has to do something before this goes on; empty where it goes on by itself, or is over."""
    if s["state"] == "dead":
        return "dead"
    causes = [cause for cause in state.waits if cause not in ("provider", "disk")]
    return causes[0] if s["state"] == "waiting" and causes else ""


def best_of(leaf: LeafRow, campaigns: Iterable[CampaignRow]) -> CampaignRow | None:
    """The campaign of the leaf that got furthest, by the metric that the leaf has today."""
    own = [
        row
        for row in campaigns
        if row.best is not None
        and row.metric == leaf.metric
        and row.goal == leaf.goal
        and (row.leaf == leaf.name or row.leaf_path == str(leaf.path))
    ]
    sign = 1 if leaf.goal == "maximize" else -1
    return max(own, key=lambda row: sign * (row.best or 0.0), default=None)


def headline(campaigns: Iterable[CampaignRow]) -> str:
    """How many campaigns run, and how many wait for a person."""
    rows = list(campaigns)
    live = sum(1 for row in rows if row.state in LIVE)
    waiting = sum(1 for row in rows if row.needs)
    return f"{live} running  {waiting} need you" if waiting != 1 else f"{live} running  1 needs you"


# --- order and choice ------------------------------------------------------------------------------------------------


def _newest(row: CampaignRow) -> tuple[Any, ...]:
    return (-row.created,)


STATES = ("waiting", "dead", "running", "paused", "finished", "stopped", "imported")
ORDERS: dict[str, Callable[[CampaignRow], tuple[Any, ...]]] = {
    "newest": _newest,
    "state": lambda row: (STATES.index(row.state) if row.state in STATES else len(STATES), -row.created),
    "leaf": lambda row: (row.leaf, -row.created),
    "gain": lambda row: (row.gain is None, -(row.gain or 0.0), -row.created),
    "last improved": lambda row: (-(row.improved or 0.0), -row.created),
    "time": lambda row: (-row.seconds, -row.created),
    "cost": lambda row: (row.usd is not None, -(row.usd or 0.0), -row.created),
    "name": lambda row: (row.id,),
}
"""The orders that one key goes through, the first one at first. What has no known cost stands above what has."""


def next_order(order: str) -> str:
    """The order after this one."""
    names = list(ORDERS)
    return names[(names.index(order) + 1) % len(names)]


def ordered(campaigns: Iterable[CampaignRow], order: str) -> list[CampaignRow]:
    """The campaigns in that order; of equal ones those with the later name first, as `praxtui list` has them."""
    by_name = sorted(campaigns, key=lambda row: (len(row.id), row.id), reverse=True)
    return sorted(by_name, key=ORDERS[order])


def holds(words: str, *texts: str) -> bool:
    """Whether every one of the words stands somewhere in the texts, in whatever case."""
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in words.casefold().split())


def campaigns_with(words: str, campaigns: Iterable[CampaignRow]) -> list[CampaignRow]:
    """The campaigns that hold the words in what is shown of them."""
    return [row for row in campaigns if holds(words, row.id, row.leaf, row.state, row.phase, row.metric)]


def tree(leaves: Iterable[LeafRow], closed: Collection[str] = (), words: str = "") -> list[Folder | LeafRow]:
    """The leaves by folder: a folder with several has a line of its own and can be closed; with words, what holds them.

    A leaf that is alone in its folder keeps its whole name.
    """
    found = [row for row in leaves if holds(words, row.name, row.task, row.metric)]
    together: dict[str, list[LeafRow]] = {}
    for row in found:
        together.setdefault(row.name.rpartition("/")[0], []).append(row)
    lines: list[Folder | LeafRow] = []
    done: set[str] = set()
    for row in sorted(found, key=lambda row: row.name):
        folder = row.name.rpartition("/")[0]
        if not folder or len(together[folder]) == 1:
            lines.append(row)
        elif folder not in done:
            done.add(folder)
            opened = bool(words) or folder not in closed
            lines.append(Folder(folder, len(together[folder]), opened))
            lines += sorted(together[folder], key=lambda row: row.name) if opened else []
    return lines


def is_inside(row: LeafRow, lines: Sequence[Folder | LeafRow]) -> bool:
    """Whether the leaf stands below a line of its folder."""
    folder = row.name.rpartition("/")[0]
    return any(isinstance(line, Folder) and line.name == folder for line in lines)


# --- cells -----------------------------------------------------------------------------------------------------------


def leaf_columns(lines: Iterable[LeafRow | Folder]) -> tuple[Column, ...]:
    """The columns of the leaves, the first as wide as the names need."""
    return (
        Column("leaf", "leaves", _widest((line.name for line in lines), 12, 24)),
        Column("task", "", 12, drop=3, grows=True),
        Column("metric", "metric", 12, drop=2),
        Column("best", "best", 8, drop=1, right=True),
        Column("ready", "ready", 13),
    )


def campaign_columns(rows: Iterable[CampaignRow]) -> tuple[Column, ...]:
    """The columns of the campaigns. Their keys are orders, where the campaigns can be ordered by them."""
    many = list(rows)
    return (
        Column("name", "campaigns", _widest((row.id for row in many), 10, 24)),
        Column("leaf", "leaf", _widest((row.leaf for row in many), 6, 16), drop=2),
        Column("state", "state", 18, grows=True),
        Column("best", "best", 8, drop=1, right=True),
        Column("gain", "change", 7, drop=1, right=True),
        Column("last improved", "since", 5, drop=5, right=True),
        Column("time", "time", 6, drop=3, right=True),
        Column("cost", "cost", 7, drop=4, right=True),
    )


def _widest(names: Iterable[str], least: int, most: int) -> int:
    return max(least, min(most, max(map(width, names), default=0)))


def leaf_cells(row: LeafRow | Folder, inside: bool, best: CampaignRow | None) -> tuple[Piece, ...]:
    """The cells of `leaf_columns`."""
    if isinstance(row, Folder):
        return (Piece(f"{'▾' if row.opened else '▸'} {row.name}/", "weak"), Piece(f"{row.leaves} leaves", "weak"),
                Piece(""), Piece(""), Piece(""))  # fmt: skip
    name = f"  {row.name.rpartition('/')[2]}" if inside else row.name
    reached = Piece(DASH, "weak") if best is None else Piece(metric(best.best) + "~" * best.estimated)
    return (
        Piece(name, "strong"),
        Piece(row.task, "weak"),
        Piece(f"{row.metric} {ARROWS.get(row.goal, '')}".strip() or DASH),
        reached,
        readiness(row),
    )


def readiness(row: LeafRow) -> Piece:
    """`yes`, or what is missing in a word and the key that shows the fix; a dot until that is known."""
    if row.missing is None:
        return Piece("·", "weak")
    if not row.missing:
        return Piece("yes", "good")
    key = key_of("home.missing")
    more = f" +{len(row.missing) - 1}" if len(row.missing) > 1 and not row.faulty else ""
    word = "errors" if row.faulty else lack_word(row.missing[0])
    return Piece(f"{word}{more}  {key}", "bad" if row.faulty else "warn")


def lack_word(lack: Missing) -> str:
    """What is missing, in a word or two: `no torch`, `no key`, `no GPU`."""
    what = plain(lack.what)
    if match := re.match(r"packages? ([\w.-]+)", what):
        return f"no {match[1]}"
    if match := re.match(r"environment variable (\w+)", what):
        return "no key" if re.search(r"KEY|TOKEN|SECRET", match[1]) else f"no {match[1]}"
    if re.match(r"\d+ GPU", what):
        return "no GPU" if "no GPU is" in what else "more GPUs"
    if match := re.match(r"loop\.\w+: (\S+) (?:is not on PATH|does not exist)", what):
        return f"no {match[1].rpartition('/')[2]}"
    if "not available yet" in what:
        return "not yet"
    return "no Python" if what.startswith("interpreter") else "not ready"


def campaign_cells(row: CampaignRow, now: float) -> tuple[Piece, ...]:
    """The cells of `campaign_columns`."""
    if not row.read:
        return (Piece(row.id, "strong"), *[Piece("·", "weak")] * 7)
    if row.fault and not row.state:
        return (Piece(row.id, "strong"), Piece(DASH), Piece("cannot be read", "bad"), *[Piece(DASH, "weak")] * 5)
    change = row.change
    gain = row.gain
    return (
        Piece(row.id, "strong"),
        Piece(row.leaf),
        state_cell(row),
        Piece(DASH, "weak") if row.best is None else Piece(metric(row.best) + "~" * row.estimated),
        Piece(DASH, "weak") if change is None else Piece(f"{100 * change:+.1f}%", "good" if (gain or 0) > 0 else ""),
        Piece(ago(now - row.improved) if row.improved else DASH, "weak"),
        Piece(clock(row.seconds) if row.seconds or row.state != "imported" else DASH),
        Piece(price(row.usd) if row.state != "imported" else DASH),
    )


def state_cell(row: CampaignRow) -> Piece:
    """The state, with what goes on or what to press: `running e47`, `dead: R resumes`, `imported, 126 tries`."""
    if row.fault:
        # No engine starts on such a record: `dead` would promise that one could.
        return Piece("damaged" if row.state == "dead" else f"{row.state}, damaged", "bad")
    if row.state == "running":
        return Piece(row.phase if row.phase.startswith("running ") else f"running: {row.phase}", "good")
    if row.state == "dead":
        return Piece(f"dead: {key_of('home.resume')} resumes", "bad")
    if row.state == "paused":
        return Piece("paused" if row.phase == "paused" else f"pausing: {row.phase}", "warn")
    if row.state == "waiting":
        return Piece(row.phase if row.phase.startswith("waiting") else f"waiting: {row.phase}", "warn")
    return Piece(f"{row.state}, {row.tried} {'try' if row.tried == 1 else 'tries'}", "weak")


def ago(seconds: float) -> str:
    """How long since, in its largest unit: `now`, `3m`, `5h`, `12d`. Changes at most once a minute."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size * (2 if unit == "d" else 1):
            return f"{int(seconds // size)}{unit}"
    return "now"


# --- what an empty screen teaches ------------------------------------------------------------------------------------


def lesson(leaves: Sequence[LeafRow], campaigns: Sequence[CampaignRow], looked: Sequence[str], keyless: bool) -> str:
    """What to do next, where the lists do not say it themselves; empty where they do.

    `looked`: the folders in which leaves were looked for; `keyless`: whether no language model is within reach.
    """
    start, models = key_of("home.start"), key_of("home.models")
    if not leaves:
        places = "\n".join(f"  {place}" for place in looked)
        return f"No leaves. A leaf is a folder with a program.md. Looked in\n{places}"
    if keyless:
        return (
            f"No key found: {start} starts the sweep researcher (no model). Set ANTHROPIC_API_KEY, OPENAI_API_KEY "
            f"or any LiteLLM provider's, or press {models} for local models."
        )
    return "" if campaigns else f"No campaign yet: choose a leaf and press {start}, then enter."
