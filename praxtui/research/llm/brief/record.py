"""What changes from draft to draft: where the campaign stands, what failed, what runs, what the person said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from praxtui.research.llm.brief import tokens
from praxtui.research.llm.brief.fence import block, fence
from praxtui.research.llm.brief.leaf import hidden, noise
from praxtui.research.llm.brief.ledger import short, what_pays
from praxtui.research.llm.brief.stances import dry, kept, near_misses
from praxtui.research.llm.brief.topics import untouched
from praxtui.research.llm.brief.words import change, ids, listed, number, one_line, plain, section
from praxtui.research.protocol import Brief, Hint, Tried

_CLIMB = 12
_RECENT = 3
_LISTED = 30
_PAYS = 300  # experiments that are looked at for what pays now; the ledger groups those before
_UNTOUCHED = 40
_DIGITS = re.compile(r"\d+(\.\d+)?")
_EARLIER = 2000
"""Experiments of earlier campaigns that are looked at: the newest."""


def earlier(brief: Brief, room: int) -> str:
    """Earlier campaigns of the leaf: what they kept and what they learned, the newest first."""
    tried = [each for each in brief.earlier[-_EARLIER:] if each.verdict not in (None, "void")][::-1]
    if not tried:
        return ""
    held = [each for each in tried if kept(each)]
    taught = [each for each in tried if each.reflected in ("confirmed", "refuted") and each.revision]
    taught.sort(key=lambda each: -abs(each.delta_sd or 0.0))
    lines = [f"{len(brief.earlier):,} experiments; their numbers may not compare with those of this campaign. Kept:"]
    lines += [f"- {one_line(each.campaign or '', 60)}/{short(each)}" for each in held[:100]]
    said = section("Earlier campaigns of this leaf", lines, room * 2 // 3, "- and {n} more")
    told = (
        f"- {one_line(each.campaign or '', 60)}/{each.id} {each.reflected}: {one_line(each.revision, 220)}"
        for each in taught[:60]
    )
    return said + section("What they taught", told, room - tokens.count(said))


def standing(brief: Brief, names: Mapping[str, str], room: int) -> str:
    """The campaign of now: the incumbent, how it came about, near-misses, what pays, what nobody has touched."""
    return section("Standing now", _standing(brief, names, room), room)


def _standing(brief: Brief, names: Mapping[str, str], room: int) -> Iterator[str]:
    judged = [each for each in brief.tried if each.epoch == brief.epoch]
    held = [each for each in judged if kept(each)]
    metric, start = brief.incumbent.metric, brief.baseline
    gained = ""
    if metric is not None and start is not None:
        gain = brief.program.sign * (metric - start)
        sd = f", {gain / brief.noise_sd:+.1f} sd" if brief.noise_sd else ""
        gained = f"; the epoch began at {number(start)} (gain {gain:+.3g}{sd})"
    name = one_line(brief.program.metric.name, 60)
    yield f"- The incumbent is {one_line(brief.incumbent.id, 24)}, {name} {number(metric)}{gained}. {noise(brief)}"
    counted = [each for each in judged if each.verdict != "void"]
    if counted:
        yield f"- {len(counted):,} experiments judged, {len(held)} keeps stand, {dry(judged)} since the last one."
    yield from _climb(brief, judged)
    revoked = [each.id for each in judged if each.verdict == "keep" and each.standing == "revoked"]
    if revoked:
        yield f"- Revoked, did not hold on fresh seeds: {ids(revoked, room // 6)}."
    close = near_misses(judged, 4)
    if close:
        yield "- Near-misses: " + "; ".join(f"{e.id} {change(e)} {one_line(e.title, 60)}" for e in close) + "."
    new = untouched(names, reversed(brief.tried))
    if new and counted:
        more = f" and {len(new) - _UNTOUCHED} more" if len(new) > _UNTOUCHED else ""
        yield f"- Constants that no title names yet: {one_line(', '.join(new[:_UNTOUCHED]), 800)}{more}."
    paid = what_pays(counted[-_PAYS:], names)
    if paid:
        yield "- What was tried more than once" + (f", of the last {_PAYS}:" if len(counted) > _PAYS else ":")
        yield from (f"  {line}" for line in paid)


def _climb(brief: Brief, judged: Sequence[Tried]) -> Iterator[str]:
    """The keeps that the incumbent is made of, with their means and standings of now."""
    by_id = {each.id: each for each in judged}
    lineage = [by_id[name] for name in brief.lineage if name in by_id] or [e for e in judged if kept(e)]
    if not lineage:
        return
    shown = lineage[-_CLIMB:]
    before = f"{len(lineage) - len(shown)} keeps, then " if len(lineage) > len(shown) else ""
    steps = (f"{e.id} {number(e.metric)}{f' {e.standing}' if e.standing else ''}" for e in shown)
    yield f"- Its keeps, by their mean of now: {before}{'; '.join(steps)}."


def failures(brief: Brief, room: int) -> str:
    """What crashed or broke a rule, by reason, the newest first. Reasons may quote what a run printed: data."""
    groups: dict[str, list[Tried]] = {}
    for each in brief.tried:
        if each.verdict in ("crash", "invalid"):
            reason = one_line(each.reason or "no reason given", 160)
            groups.setdefault(f"{each.verdict}: {_DIGITS.sub('#', reason)}", []).append(each)
    if not groups:
        return ""
    head = "## What failed, and why\n\n"
    newest = sorted(groups.values(), key=lambda group: int(_digits(group[-1].id)), reverse=True)
    lines = [
        f"{g[-1].verdict}, {ids([e.id for e in g[-20:]], 40)}{f' ({len(g)} in all)' if len(g) > 20 else ''}: "
        f"{one_line(g[-1].reason or 'no reason given', 160)}"
        for g in newest
    ]
    around = tokens.count(head + fence("", "runs that failed") + "\n")
    told = listed(lines, room - around, "and {n} more reasons")
    return head + fence("\n".join(told), "runs that failed", most=1 << 20) + "\n" if told else ""


def _digits(name: str) -> str:
    return "".join(filter(str.isdecimal, name))[:12] or "0"


def theories(brief: Brief, room: int) -> str:
    """Which mechanisms held and which did not, and the last experiments in full."""
    by: dict[str, list[str]] = {"confirmed": [], "refuted": [], "inconclusive": []}
    for each in brief.tried:
        if each.reflected in by:
            by[each.reflected].append(each.id)
    lines = [f"- {how} ({len(found):,}): {_newest(found)}" for how, found in by.items() if found]
    said = section("Theories so far", lines, room // 2)
    recent = [each for each in brief.tried if each.mechanism or each.predicted][-_RECENT:][::-1]
    told = section("The last in full", (_whole(each) for each in recent), room - tokens.count(said))
    return said + told


def _newest(names: Sequence[str]) -> str:
    return ids(names[-_LISTED:], 4 * _LISTED) + (f" and {len(names) - _LISTED:,} before" * (len(names) > _LISTED))


def _whole(tried: Tried) -> str:
    lines = [f"- {short(tried, 120)}", f"  mechanism: {one_line(tried.mechanism, 400)}"]
    if tried.predicted:
        lines.append(f"  predicted: {one_line(tried.predicted, 160)}")
    if tried.reflected:
        lines.append(f"  {tried.reflected}: {one_line(tried.revision, 300)}")
    return "\n".join(lines)


def running(brief: Brief, told: str, room: int) -> str:
    """What is drafted or runs and has no verdict yet; `told` is what else is known of it."""
    lines = [f"- {one_line(e.id, 24)}: {one_line(e.title, 120)}. {one_line(e.mechanism, 200)}" for e in brief.in_flight]
    if told.strip():
        lines.insert(0, one_line(told, 400))
    note = "Do not repeat these; your draft is built as if they are discarded."
    return section("Running or waiting now", [*lines[:20], note] if lines else [], room)


def person(brief: Brief, room: int) -> str:
    """What the person did: overruled verdicts, vetoes with their reasons, edits of the program; the newest first."""
    done = [each for each in brief.tried if each.person][::-1]
    lines = [f"- {each.id} ({one_line(each.title, 80)}): {one_line(each.person, 300)}" for each in done[:50]]
    said = section("What the person decided (the person's words)", lines, room // 2, "- and {n} more")
    left = room - tokens.count(said)
    for edit in brief.program_edits[::-1]:
        label = "the person's edit of program.md, as a diff"
        body = plain(hidden(brief.program, edit.strip("\n")))
        around = tokens.count(block("", label) + "\n") + 2
        shown = tokens.cut(body, left - around)
        if not shown:
            break
        said += block(shown, label) + "\n"
        left = room - tokens.count(said)
        if shown != body:
            break
    return said if tokens.fits(said, room) else ""


def hints(brief: Brief, room: int) -> str:
    """The person's hints, newest first: the unused, each with its id and as much text as fits; then the used."""
    new = [hint for hint in brief.hints if not hint.used_by][::-1]
    used = [hint for hint in brief.hints if hint.used_by][::-1]
    said = _unused(new, room)
    by_id = {each.id: each for each in brief.tried}
    lines = (_used(hint, by_id) for hint in used)
    return said + section("Hints taken up already", lines, room - tokens.count(said), "- and {n} more")


def _unused(new: Sequence[Hint], room: int) -> str:
    if not new:
        return ""
    title = "Hints from the person, newest first (name the id of the one you take up)"
    if len(new) * 4 <= room:
        for width in (4000, 1000, 300, 100, 40):
            lines = [f"- {one_line(hint.id, 24)}: {one_line(hint.text, width)}" for hint in new]
            said = section(title, lines, room)
            if said.count("\n- ") == len(new):
                return said
    head = "## Hints\n"
    whole = ids([hint.id for hint in new], room - tokens.count(head) - 2)
    if not whole:
        return ""
    rest = room - tokens.count(head + whole) - 4
    lines = listed((f"- {one_line(hint.id, 24)}: {one_line(hint.text, 60)}" for hint in new), rest)
    body = "\n".join([f"Unused: {whole}" if rest > 8 else whole, *lines])
    return f"{head}{body}\n\n"


def _used(hint: Hint, by_id: Mapping[str, Tried]) -> str:
    came = ", ".join(
        f"{name} {by_id[name].verdict} {change(by_id[name])}".rstrip() if name in by_id else f"{name} under way"
        for name in hint.used_by[-4:]
    )
    return f"- {one_line(hint.id, 24)} ({came}): {one_line(hint.text, 80)}"


def refusals(brief: Brief, room: int) -> str:
    """Why earlier attempts at this draft were refused; of too many, the newest."""
    if not brief.refusals:
        return ""
    head = "## Refused so far, in this very draft\n\n"
    label = "the checks of this draft"
    around = tokens.count(head + fence("", label) + "\n")
    newest = [f"{n}. {one_line(why, 600)}" for n, why in enumerate(brief.refusals, 1)][::-1]
    told = listed(newest[:20], room - around)
    if not told and newest:
        told = [cut] if (cut := tokens.cut(newest[0], room - around)) else []
    return head + fence("\n".join(told[::-1]), label) + "\n" if told else ""
