"""The table of experiments, as text that only grows: a row once printed stays, so that prompts share their beginning.

What changes later (standings, the mean of more runs) is said elsewhere. When not all rows fit, the older experiments
are grouped, up to a boundary that moves in big steps; the rows after it are whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from praxtui.research.llm.brief import tokens
from praxtui.research.llm.brief.topics import Topic, topics
from praxtui.research.llm.brief.words import change, ids, listed, number, one_line
from praxtui.research.protocol import Brief, Tried

CHUNK = 25
"""Rows of one part: so many stay together, are kept once in the journal and cached by a provider."""
_WINDOW = 0.65  # share of the room for whole rows, once older ones are grouped
_STEPS = 3  # steps in which the boundary takes those rows
_LEAST_ROW = 10  # tokens; fewer no row has
_TITLE = 120
_SHORT = 60
_LEARNED = 220

_HEAD = """\
# The ledger

Every judged experiment, oldest first: id, verdict, metric, change against the experiment it was built on (+ is better)
and the same in noise sd, lines of code added, what was changed, hints used. Below it what its reflection says of the
mechanism. Of keeps, fresh runs change the mean: theirs stands under "Standing now".

"""
_SMALL_HEAD = "# The ledger\n\n"


def ledger(brief: Brief, names: Mapping[str, str], room: int) -> list[str]:
    """The ledger as stretches of text, of which later briefs only lengthen or add to the last. At most `room` tokens.

    `names` are the constants of the levers, for grouping.
    """
    tried = brief.tried
    if not tried or room < 2 * _LEAST_ROW:
        return []
    head = _HEAD if room > 8 * tokens.count(_HEAD) else _SMALL_HEAD
    room -= tokens.count(head)
    rows = _all(tried, room)
    if rows is not None:
        return _chunks(head, rows)
    start, rows = _window(tried, int(room * _WINDOW))
    used = sum(map(tokens.count, rows))
    grouped = _grouped(tried[:start], names, room - max(used, int(room * _WINDOW)))
    return [head + grouped, *_chunks("", rows)]


def _chunks(head: str, rows: list[str]) -> list[str]:
    """The rows in stretches of `CHUNK`, the last one open."""
    stretches = ["".join(rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)]
    return [head + stretches[0], *stretches[1:]] if stretches else []


def _all(tried: Sequence[Tried], room: int) -> list[str] | None:
    """All rows, or None where they do not fit."""
    if len(tried) * _LEAST_ROW > room:
        return None
    rows = []
    for n, each in enumerate(tried):
        text = row(each, tried[n - 1] if n else None)
        room -= tokens.count(text)
        if room < 0:
            return None
        rows.append(text)
    return rows


def _window(tried: Sequence[Tried], room: int) -> tuple[int, list[str]]:
    """Where the whole rows begin, and those rows. That place is the same for as many further rows as a step holds."""
    steps = _steps(tried, room // _STEPS)
    rows: list[str] = []
    fitting = len(tried)
    for n in range(len(tried) - 1, -1, -1):
        text = row(tried[n], tried[n - 1] if n else None)
        room -= tokens.count(text)
        if room < 0:
            break
        rows.append(text)
        fitting = n
    # the first step at which everything after it fits
    start = next((step for step in steps if step >= fitting), fitting)
    return start, rows[::-1][start - fitting :]


def _steps(tried: Sequence[Tried], size: int) -> list[int]:
    """Boundaries counted from the first experiment on, some `size` tokens apart: later rows do not move them."""
    steps, weight = [], 0.0
    for n, each in enumerate(tried):
        weight += 16 + 0.27 * min(len(each.title) + len(each.revision), _TITLE + _LEARNED)
        if weight > size:
            steps.append(n + 1)
            weight = 0.0
    return steps


def row(tried: Tried, before: Tried | None = None) -> str:
    """One experiment, as it was judged, with what was learned. Nothing in it changes later."""
    new_epoch = before is not None and before.epoch != tried.epoch
    text = f"-- epoch {tried.epoch}: numbers above are not comparable with those below --\n" if new_epoch else ""
    text += short(tried, _TITLE) + "\n"
    if tried.reflected:
        revision = one_line(tried.revision, _LEARNED)
        text += f"    {tried.reflected}: {revision}\n" if revision else f"    {tried.reflected}\n"
    return text


def short(tried: Tried, most: int = _SHORT) -> str:
    """One experiment on one line. A keep is shown without its metric: fresh runs of it change the mean."""
    measured = "" if tried.verdict == "keep" or tried.metric is None else f" {number(tried.metric)}"
    delta = change(tried)
    lines = f" {tried.lines:+d} lines" if tried.lines else ""
    said = f"{one_line(tried.id, 24)} {tried.verdict or 'undecided'}{measured}{' ' + delta if delta else ''}{lines}"
    hints = f" [{', '.join(one_line(hint, 12) for hint in tried.hints[:6])}]" if tried.hints else ""
    return f"{said}: {one_line(tried.title, most) or 'untitled'}{hints}"


def _grouped(tried: Sequence[Tried], names: Mapping[str, str], room: int) -> str:
    """The older experiments: how many, what was kept, and what each lever gave."""
    if not tried:
        return ""
    kept = [each for each in tried if each.verdict == "keep"]
    first, last = one_line(tried[0].id, 24), one_line(tried[-1].id, 24)
    head = f"The first {len(tried):,} experiments, grouped ({first} to {last}):\n"
    room -= tokens.count(head) + 2
    keeps = _keeps(kept, room * 3 // 5 if room > 240 else room * 4 // 5)
    room -= tokens.count(keeps)
    learned = _learned(tried, room // 3)
    room -= tokens.count(learned)
    groups = topics(tried, names)
    lines = [_topic(each) for each in groups[:400]]
    told = listed(lines, room - 12, "- and {n} more kinds of change")
    said = "By what was changed:\n" + "\n".join(told) + "\n" if told else ""
    return f"{head}{keeps}{said}{learned}\n"


def _keeps(kept: Sequence[Tried], room: int) -> str:
    """Every keep: whole where there is room, else the newest on a short line each and the ids of all others."""
    if not kept:
        return "Kept: none.\n"
    head = f"Kept ({len(kept):,}):\n"
    left = room - tokens.count(head)
    for width in (_TITLE, _SHORT):
        lines = listed((short(each, width) for each in kept), left) if len(kept) * _LEAST_ROW <= left else []
        if len(lines) == len(kept):
            return head + "\n".join(lines) + "\n"
    # ids first, so that none is lost; what is left over goes to the newest
    for newest in (left // 40, 3, 0) if len(kept) < left // 2 else (3, 0):
        at = max(0, len(kept) - newest)
        older, lines = kept[:at], [short(each) for each in kept[at:]]
        said = (
            f"Kept ({len(kept):,}), the newest on lines of their own:\n" + "\n".join(lines) + "\nand " if lines else ""
        )
        said = said or f"Kept ({len(kept):,}): "
        told = ids([each.id for each in older], room - tokens.count(said) - 4)
        whole = f"{said}{told}\n" if told else said.removesuffix("and ")
        exact = told and " of " not in told
        if tokens.count(whole) <= room and (exact or not older or newest == 0):
            return whole
    said = f"Kept: {len(kept)} of {kept[0].id}-{kept[-1].id}\n"
    return said if tokens.fits(said, room) else ""


def _topic(each: Topic) -> str:
    """`- LR: 14 tried, 3 kept; best +2.1 sd (e12), worst -5.0 sd (e40); up 1 of 6 better, down 2 of 3`."""
    said = f"- {one_line(each.name, 40)}: {each.tried} tried, {each.kept} kept"
    if each.failed:
        said += f", {each.failed} failed"
    if each.best is not None and each.worst is not None:
        said += f"; best {_effect(each.best)}"
        if each.worst is not each.best:
            said += f", worst {_effect(each.worst)}"
    moves = [f"{way} {better} of {n} better" for way, (better, n) in (("up", each.up), ("down", each.down)) if n]
    return said + (f"; {', '.join(moves)}" if moves else "")


def _effect(tried: Tried) -> str:
    size = f"{tried.delta_sd:+.1f} sd" if tried.delta_sd is not None else f"{tried.delta or 0:+.2g}"
    return f"{size} ({one_line(tried.id, 24)})"


def _learned(tried: Sequence[Tried], room: int) -> str:
    """What the reflections of older experiments say: those with the largest effects, in turn confirmed and refuted."""
    told = [each for each in tried if each.reflected in ("confirmed", "refuted") and each.revision]
    told.sort(key=lambda each: -abs(each.delta_sd or 0.0))
    head = "What they taught, largest effects first:\n"
    lines = listed(_revisions(told[:60]), room - tokens.count(head))
    return head + "\n".join(lines) + "\n" if lines else ""


def _revisions(told: Sequence[Tried]) -> Iterator[str]:
    for each in told:
        yield f"- {one_line(each.id, 24)} {each.reflected}: {one_line(each.revision, _LEARNED)}"


def what_pays(tried: Sequence[Tried], names: Mapping[str, str], most: int = 8) -> list[str]:
    """What each kind of change gave, of those that were tried more than once."""
    return [_topic(each) for each in topics(tried, names) if each.tried > 1][:most]
