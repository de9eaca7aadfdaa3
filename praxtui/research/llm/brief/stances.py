"""What a researcher turns to when nothing has been kept for long: four stances in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from praxtui.research.llm.brief.topics import size
from praxtui.research.llm.brief.words import change, listed, one_line
from praxtui.research.protocol import Brief, Tried

DRY = 8
"""Experiments without a keep after which the stance changes, and changes again."""

STANCES = {
    "combine": (
        "Combine near-misses. Put two or three changes together that each came close and act on different parts: each "
        "may have been worth a little that the noise hid. The combination is the one change; say why they add up."
    ),
    "remove": (
        "Remove something. Take out a part, an option, a special case or a schedule that may not earn its lines or its "
        "time. Equal within noise and fewer lines is kept, and what is gone frees steps for training."
    ),
    "question": (
        "Question a kept change. One of the keeps may have been luck, or may be wrong now that others have joined it. "
        "Undo one or turn it round, and say what its mechanism demands if it is right."
    ),
    "radical": (
        "Go radical. Small steps around here are used up: change the structure, not a value. Another method, another "
        "objective, another data order, another shape of the model; an idea from outside this ledger, with an effect "
        "that would be several sd if it is right."
    ),
}
_MOST = 5


def kept(tried: Tried) -> bool:
    """Whether an experiment is a keep that still stands."""
    return tried.verdict == "keep" and tried.standing != "revoked"


def dry(tried: Sequence[Tried]) -> int:
    """Judged experiments since the last keep that still stands."""
    count = 0
    for each in reversed(tried):
        if kept(each):
            break
        count += each.verdict not in (None, "void")
    return count


def stance(tried: Sequence[Tried]) -> str:
    """The key of the stance after these judged experiments, oldest first; empty where the last keep is not long ago."""
    turn = dry(tried) // DRY
    return list(STANCES)[(turn - 1) % len(STANCES)] if turn else ""


def paragraph(brief: Brief, room: int) -> str:
    """What the brief's stance asks for, with candidates from the record; empty where there is no stance."""
    if brief.stance not in STANCES:
        return ""
    judged = [each for each in brief.tried if each.epoch == brief.epoch]
    head = (
        f"## A change of stance\n\nNothing was kept in the last {dry(judged)} experiments. For this one: "
        f"{STANCES[brief.stance]}"
    )
    lines = listed([head, *_candidates(brief, judged)], room - 2)
    return "\n".join(lines) + "\n\n" if lines else ""


def _candidates(brief: Brief, judged: Sequence[Tried]) -> list[str]:
    if brief.stance == "combine":
        found = near_misses(judged)
        return ["Near-misses:", *map(_line, found)] if found else []
    if brief.stance == "remove":
        grown = sorted((each for each in judged if kept(each) and each.lines > 0), key=lambda each: -each.lines)[:_MOST]
        return ["Keeps that added lines:", *map(_line, grown)] if grown else []
    if brief.stance == "question":
        found = list(_doubtful(brief, judged))[:_MOST]
        return ["Keeps with the least behind them:", *map(_line, found)] if found else []
    return []


def near_misses(judged: Sequence[Tried], most: int = _MOST) -> list[Tried]:
    """Discards that were better, or worse by less than 1 sd, and revoked keeps; those with the best results first."""
    found = []
    for each in judged:
        if each.delta is None:
            continue
        close = each.delta > 0 or (each.delta_sd is not None and each.delta_sd > -1)
        if (each.verdict == "discard" and close) or (each.verdict == "keep" and each.standing == "revoked"):
            found.append(each)
    return sorted(found, key=lambda each: -size(each))[:most]


def _doubtful(brief: Brief, judged: Sequence[Tried]) -> Iterator[Tried]:
    """Keeps of the incumbent without fresh evidence, then with shared evidence; smallest measured gains first."""
    lineage = frozenset(brief.lineage)
    standing = [each for each in judged if kept(each) and (not lineage or each.id in lineage)]
    for wanted in ("provisional", "supported"):
        yield from sorted((each for each in standing if each.standing == wanted), key=size)


def _line(tried: Tried) -> str:
    lines = f", {tried.lines:+d} lines" if tried.lines else ""
    standing = f", {tried.standing}" if tried.standing else ""
    return (
        f"- {one_line(tried.id, 24)}: {one_line(tried.title, 100)} ({change(tried) or 'unmeasured'}{standing}{lines})"
    )
