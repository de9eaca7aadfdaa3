"""The brief as one user message: what changes least first, so that providers can cache it, within a budget of tokens.

Each section has a share of the budget; what it leaves unused flows on to those after it, never back, so that a section
depends on nothing below it and consecutive briefs share their beginning.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence

from praxtui.research.llm.brief import leaf, record, stances, tokens
from praxtui.research.llm.brief.fence import block, fence
from praxtui.research.llm.brief.ledger import ledger
from praxtui.research.llm.brief.topics import constants
from praxtui.research.llm.brief.words import number, one_line, plain
from praxtui.research.llm.turns import Part
from praxtui.research.protocol import Brief, Draft, Failure, Outcome

PROGRAM, SEALED, EARLIER, LEVERS, LEDGER = 0.14, 0.12, 0.05, 0.30, 0.19
"""Shares of the budget for what seldom changes; the rest is for what changes with each draft, and the request."""
RESERVED = 240
"""Tokens kept for the request and for what was refused, whatever they are."""
_STEP = 32  # the ledger's room moves in so many steps of the budget: small edits of levers do not move its boundary
_DIFFED = 400_000

Section = Callable[[int], str]


def parts(brief: Brief, texts: Mapping[str, str], budget: int, running: str = "") -> tuple[Part, ...]:
    """What a model is told before it drafts, at most `budget` tokens (`tokens.count`) in all.

    `texts` are the sealed files that may be shown, path to text, the most telling first; `running` is what is known of
    the run of now, in words.
    """
    return _assembled(brief, texts, budget, _tail(brief, running), _request(brief))


def repair_parts(brief: Brief, failure: Failure, texts: Mapping[str, str], budget: int) -> tuple[Part, ...]:
    """What a model is told after a run of its draft crashed; begins as the brief of the draft does."""
    tail: list[tuple[float, int, Section]] = [
        (0.03, 600, lambda room: _drafted(failure.draft, failure.experiment, room)),
        (0.07, 4000, lambda room: _changed(brief, failure.draft, room)),
        (0.02, 300, lambda room: _reason(failure, room)),
        (0.08, 2500, lambda room: _log(failure.log_tail, failure.experiment, room)),
    ]
    return _assembled(brief, texts, budget, tail, _repair_request(failure))


def reflect_parts(
    brief: Brief, outcome: Outcome, diff: str, texts: Mapping[str, str], budget: int, log_tail: str = ""
) -> tuple[Part, ...]:
    """What a model is told after an experiment was judged; begins as the brief of a draft does."""
    tail: list[tuple[float, int, Section]] = [
        (0.05, 1200, lambda room: _result(brief, outcome, room)),
        (0.07, 4000, lambda room: _diff(diff, outcome.experiment.id, room)),
        (0.08, 2500, lambda room: _log(log_tail, outcome.experiment.id, room)),
    ]
    return _assembled(brief, texts, budget, tail, _reflect_request(outcome))


def _assembled(
    brief: Brief,
    texts: Mapping[str, str],
    budget: int,
    tail: Sequence[tuple[float, int, Section]],
    request: str,
) -> tuple[Part, ...]:
    base = max(0, budget - RESERVED)
    request = tokens.cut(request, min(budget, RESERVED))
    left = 0
    written: list[str] = []
    for share, write in _leaf(brief, texts):
        room = int(base * share) + left
        text = write(room)
        left = room - tokens.count(text)
        written.append(text)
    names = _names(brief)
    left += int(base * LEDGER)
    step = max(1, budget // _STEP)
    rows = ledger(brief, names, left // step * step)
    left -= sum(map(tokens.count, rows))
    told = ""
    for n, (share, most, write) in enumerate(tail, 1):
        left += int(base * share)
        if n == len(tail):
            left += min(budget, RESERVED) - tokens.count(request) - 1
        text = write(min(left, most))
        left -= tokens.count(text)
        told += text
    return _parts(["".join(written[:3]), written[3]], rows, told + request)


def _names(brief: Brief) -> dict[str, str]:
    """The constants of the levers that are there to be changed."""
    space = brief.program.levers.space
    return constants(brief.incumbent.levers, {name for name in space if space[name].exclude})


def _leaf(brief: Brief, texts: Mapping[str, str]) -> list[tuple[float, Section]]:
    return [
        (PROGRAM, lambda room: leaf.program(brief, room)),
        (SEALED, lambda room: leaf.sealed(brief, texts, room)),
        (EARLIER, lambda room: record.earlier(brief, room)),
        (LEVERS, lambda room: leaf.levers(brief, room)),
    ]


def _tail(brief: Brief, running: str) -> list[tuple[float, int, Section]]:
    """What changes with each draft: share of the budget, most tokens, section."""
    names = _names(brief)
    return [
        (0.05, 800, lambda room: record.standing(brief, names, room)),
        (0.015, 500, lambda room: record.failures(brief, room)),
        (0.03, 800, lambda room: record.theories(brief, room)),
        (0.015, 500, lambda room: record.running(brief, running, room)),
        (0.025, 1500, lambda room: record.person(brief, room)),
        (0.02, 400, lambda room: stances.paragraph(brief, room)),
        (0.03, 1500, lambda room: record.hints(brief, room)),
        (0.015, 1000, lambda room: record.refusals(brief, room)),
    ]


def _parts(front: Sequence[str], rows: Sequence[str], told: str) -> tuple[Part, ...]:
    """Parts with at most three marks for the cache: after the sealed files, the levers, the rows that stay together."""
    found = [Part(text, cache=True) for text in front if text]
    whole = len(rows) - 1  # the last stretch of rows is still growing
    found += [Part(text, cache=n == whole - 1) for n, text in enumerate(rows) if text]
    return (*found, Part(("\n" if rows else "") + told))


def _request(brief: Brief) -> str:
    name, base = one_line(brief.experiment, 24), one_line(brief.incumbent.id, 24)
    again = " Your earlier attempts at it were refused, see above: do something about the reason." * bool(
        brief.refusals
    )
    return (
        f"# Now: draft experiment {name}\n\n"
        f"It is built on {base}, the levers above. Choose the question most worth one run, state it with `hypothesis` "
        "(what, why it should help, how much you expect), make the one change, `check` it and `submit` it."
        f"{again}\n"
    )


def _drafted(draft: Draft, experiment: str, room: int) -> str:
    text = (
        f"## The draft of {one_line(experiment, 24)}\n\n"
        f"- title: {one_line(draft.title, 160)}\n"
        f"- mechanism: {one_line(draft.mechanism, 600)}\n"
        f"- predicted: {one_line(draft.predicted, 200)}\n\n"
    )
    return text if tokens.fits(text, room) else tokens.cut(text, room - 2) + "\n"


def _changed(brief: Brief, draft: Draft, room: int) -> str:
    """What a draft changes of the incumbent's levers."""
    said = []
    for path in sorted(draft.files):
        old, new = brief.incumbent.levers.get(path, ""), draft.files[path]
        if len(old) + len(new or "") > _DIFFED:
            said.append(f"{path}: too long to compare here\n")
            continue
        lines = difflib.unified_diff(old.splitlines(), (new or "").splitlines(), f"a/{path}", f"b/{path}", lineterm="")
        said.append("\n".join(lines) + "\n")
    return _diff("".join(said), "the draft", room)


def _diff(diff: str, whose: str, room: int) -> str:
    label = f"change of {one_line(whose, 40)}, as a diff"
    shown = tokens.cut(plain(diff.strip("\n")), room - tokens.count(block("", label)) - 4)
    return block(shown, label) + "\n" if shown else ""


def _reason(failure: Failure, room: int) -> str:
    label = "the reason of the crash"
    shown = tokens.cut(one_line(failure.reason, 600), room - tokens.count(fence("", label)) - 4)
    return fence(shown, label) + "\n" if shown else ""


def _log(text: str, experiment: str, room: int) -> str:
    """The end of a log, in a fence; of what is too long for the room, less."""
    label = f"{one_line(experiment, 24)}, the end of its log"
    most = 4096
    while text.strip() and most >= 128:
        shown = fence(text, label, most) + "\n"
        if tokens.fits(shown, room):
            return shown
        most = most * 2 // 3
    return ""


def _result(brief: Brief, outcome: Outcome, room: int) -> str:
    tried = outcome.experiment
    predicted = outcome.predicted or tried.predicted
    sd = "" if outcome.delta_sd is None else f", {outcome.delta_sd:+.1f} noise sd"
    delta = "not measured" if outcome.delta is None else f"{outcome.delta:+.3g} (+ is better){sd}"
    sure = "" if outcome.confidence is None else f"; it is better with probability {outcome.confidence:.2f}"
    lines = [
        f"## The result of {one_line(tried.id, 24)}\n",
        f"- title: {one_line(tried.title, 160)}",
        f"- mechanism: {one_line(tried.mechanism, 600)}",
        f"- predicted: {one_line(predicted, 200) or 'nothing'}",
        f"- measured: {one_line(brief.program.metric.name, 60)} {number(outcome.metric)}",
        f"- against its parent: {delta}{sure}",
        f"- {leaf.noise(brief)}",
        f"- verdict: {outcome.verdict}" + (f", {tried.standing}" if tried.standing else ""),
    ]
    if tried.flags:
        lines.append(f"- flags: {one_line(', '.join(tried.flags), 200)}")
    text = "\n".join(lines) + "\n"
    if tried.person:
        text += f"- the person: {one_line(tried.person, 300)}\n"
    if outcome.reason:
        text += fence(one_line(outcome.reason, 400), "the reason of the verdict")
    text += "\n"
    return text if tokens.fits(text, room) else tokens.cut(text.partition("~~~~")[0], room - 2) + "\n"


def _repair_request(failure: Failure) -> str:
    name = one_line(failure.experiment, 24)
    return (
        f"# Now: mend {name}\n\n"
        f"Its run crashed; this is repair {failure.attempt} of 2. Find the cause in the log, mend it with the smallest "
        "edit that still tests the same hypothesis, `check` and `submit`. Your edits apply to the draft as it crashed, "
        "not to the levers above. If the hypothesis itself cannot run, `give_up` with what that teaches.\n"
    )


def _reflect_request(outcome: Outcome) -> str:
    return (
        f"# Now: reflect on {one_line(outcome.experiment.id, 24)}\n\n"
        "Call `reflect` once. Was the *mechanism* confirmed, refuted, or is it inconclusive, given the noise? The "
        "revision is one sentence with a number: what was learned that should change what is tried next. "
        f"The verdict alone ({outcome.verdict}) is no evidence for the mechanism.\n"
    )
