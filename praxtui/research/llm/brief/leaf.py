"""What does not change from draft to draft, or seldom: the program, the sealed files, the incumbent's levers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from praxtui.program.spec import Program, seconds
from praxtui.research.llm.brief import tokens
from praxtui.research.llm.brief.fence import block
from praxtui.research.llm.brief.words import listed, number, one_line, plain
from praxtui.research.protocol import Brief

_OUTLINE = re.compile(r"[ \t]*(?:async def|def|class)[ \t]+\w+|[A-Z][A-Z0-9_]*[ \t]*(?::[^=]+)?=(?!=)")
_OUTLINED = 2_000_000
"""Characters of a file that are looked through for its outline."""
_WIDE = 160
_NO_ROOM = 24  # tokens in which nothing can be said


def hidden(program: Program, text: str) -> str:
    """`text` without the name of the hold-out metric: no proposal may be fitted to it."""
    name = program.metric.holdout
    if not name or name in (program.metric.name, program.metric.curve, *program.metric.also) or name not in text:
        return text
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "hidden", text)


def program(brief: Brief, room: int) -> str:
    """The specification in words, then the person's instructions."""
    of = brief.program
    head = "# The program\n\n"
    lines = listed(_specification(of), room - tokens.count(head) - 2)
    said = head + "\n".join(lines) + "\n\n"
    prose = plain(hidden(of, of.prose.strip()))
    label = "program.md: the person's instructions to you"
    around = tokens.count(block("", label)) + 4
    left = room - tokens.count(said) - around
    if prose and left > _NO_ROOM:
        kept = tokens.cut(prose, left)
        if kept != prose:
            kept = tokens.cut(prose, left - 14) + "\n[cut here: `read` program.md for the rest]"
        said += block(kept, label) + "\n"
    return said if tokens.fits(said, room) else tokens.cut(head, room)


def _specification(of: Program) -> Iterator[str]:
    metric, levers, loop, walls = of.metric, of.levers, of.loop, of.constraints
    goal = "higher" if of.sign > 0 else "lower"
    by = (
        "measured after the run by the sealed evaluator"
        if loop.evaluate
        else "printed by the run; there is no evaluator"
    )
    yield f"- Metric: `{one_line(metric.name, 60)}`, {goal} is better, {by}."
    new = f"; new files may match {_some(levers.new)}" if levers.new else "; no new files"
    yield f"- Levers: {_some(levers.edit)}{new}. Every other file is sealed."
    yield f"- Run: `{one_line(loop.run, 200)}`, {seconds(loop.budget)} of training, {seconds(loop.timeout)} in all."
    if metric.target is not None:
        yield f"- Target: {metric.target:.6g}. The campaign ends when it is confirmed on fresh seeds."
    if metric.bound is not None:
        yield f"- Bound: beyond {metric.bound:.6g} a result is implausible: it is run again and a person looks at it."
    if metric.deterministic:
        yield "- Deterministic: one run decides, and any strict gain is kept."
    if loop.evaluate:
        reads = f", which reads {_some(loop.artifacts)}" if loop.artifacts else ""
        yield f"- Evaluation: `{one_line(loop.evaluate, 200)}`{reads}."
    if loop.check:
        yield f"- Check of a draft: `{one_line(loop.check, 200)}`."
    for name, limit in walls.limits.items():
        yield f"- Limit: {one_line(name, 60)} {limit}; a run beyond it is discarded."
    if metric.also:
        yield f"- Also reported: {_some(metric.also)}."
    if loop.requires:
        yield f"- Packages a run has: {_some(loop.requires)}."
    if walls.network != "run":
        yield "- A run has no network."
    if walls.keep == "strict":
        yield "- Keeping is strict: a gain is confirmed on fresh seeds before it is kept."
    budgets = [
        "" if walls.experiments is None else f"{walls.experiments:,} experiments",
        "" if walls.hours is None else seconds(walls.hours * 3600),
        "" if walls.usd is None else f"{walls.usd:g} USD",
        "" if walls.tokens is None else f"{walls.tokens:,} tokens",
    ]
    yield f"- Budget of the campaign: {', '.join(filter(None, budgets)) or 'without end'}."
    if levers.space:
        ranges = "; ".join(f"{name} {space}" for name, space in list(levers.space.items())[:40])
        yield f"- Ranges the person finds plausible: {one_line(ranges, 1200)}."


def _some(names: tuple[str, ...]) -> str:
    return one_line(", ".join(names[:12]), 300) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def sealed(brief: Brief, texts: Mapping[str, str], room: int) -> str:
    """The sealed files: all with their sizes, and whole those that say how it is measured, as far as there is room."""
    files = {path: text for path, text in texts.items() if path not in brief.incumbent.levers}
    head = "# Sealed files\n\nThey cannot be changed. `read` shows what is not shown here.\n"
    left = room - tokens.count(head) - 2
    if not files or left < _NO_ROOM:
        return ""
    names = [f"- {one_line(path, 120)} ({len(text):,} characters)" for path, text in files.items()]
    lines = listed(names, max(left // 3, min(left, _NO_ROOM)), "- {n} more")
    if not lines:
        return ""
    said = head + "\n".join(lines) + "\n\n"
    left = room - tokens.count(said)
    named = _named(brief)
    for path in sorted(files, key=lambda path: named.index(path) if path in named else len(named)):
        shown = block(plain(hidden(brief.program, files[path])), f"sealed file {path}") + "\n"
        if tokens.fits(shown, left):
            said += shown
            left -= tokens.count(shown)
    return said


def _named(brief: Brief) -> list[str]:
    """Files that the loop's commands name, the evaluator's first."""
    loop = brief.program.loop
    commands = [command for command in (loop.evaluate, loop.run, loop.check, loop.setup) if command]
    return [word.removeprefix("./") for command in commands for word in _words(command)]


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an open quote: the shell that runs it will say so
        return command.split()


def levers(brief: Brief, room: int) -> str:
    """The levers of the incumbent: whole where they fit, the small ones first, else their head and outline."""
    files = brief.incumbent.levers
    head = f"# The levers, as {one_line(brief.incumbent.id, 20)} (the incumbent) has them\n\n"
    room -= tokens.count(head)
    if room < _NO_ROOM:
        return ""
    shown: dict[str, str] = {}
    order = sorted(files, key=lambda path: (len(files[path]), path))
    for n, path in enumerate(order):
        whole = block(plain(files[path]), f"{path}, {_lines(files[path])} lines") + "\n"
        others = len(order) - n
        if tokens.fits(whole, room - 12 * (others - 1)):
            shown[path] = whole
        else:
            shown[path] = _partly(path, plain(files[path]), room // others)
        room -= tokens.count(shown[path])
    return head + "".join(shown[path] for path in sorted(shown))


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def _partly(path: str, text: str, room: int) -> str:
    """The beginning of a file and where the rest has what; or its name only; or nothing."""
    total = _lines(text)
    name = f"{one_line(path, 120)}: {total:,} lines, not shown here; `read` it\n\n"
    label = f"{path}, {total} lines: its beginning, then an outline by line number; `read` the rest"
    around = tokens.count(block("", label)) + tokens.count(name)
    if room - around < 3 * _NO_ROOM:
        return name if tokens.fits(name, room) else ""
    begin = tokens.cut(text, (room - around) * 3 // 5).removesuffix(" ...")
    begin = begin[: begin.rfind("\n") + 1] or begin + "\n"
    first = begin.count("\n")
    said = block(begin + f"[... line {first + 1:,} and on:]\n", label)
    lines = listed(_outline(text, first), room - tokens.count(said) - around // 2, "[and {n} more]")
    if lines:
        said = block(begin + f"[... line {first + 1:,} and on:]\n" + "\n".join(lines), label)
    return said + "\n" if tokens.fits(said + "\n", room) else name


def _outline(text: str, after: int) -> list[str]:
    """`120 class Block:`: definitions and constants from below line `after`, with their line numbers from 1."""
    found = []
    for number_, line in enumerate(text[:_OUTLINED].split("\n"), 1):
        if number_ > after and _OUTLINE.match(line):
            found.append(f"{number_} {line[:_WIDE].rstrip()}")
            if len(found) == 2000:
                break
    return found


def noise(brief: Brief) -> str:
    """What one run's number means, in a sentence."""
    if brief.program.metric.deterministic or brief.noise_sd == 0:
        return "The metric repeats exactly: any difference is real."
    if brief.noise_sd is None:
        return "The noise of a run has not been measured yet."
    return f"Noise: one run varies by {number(brief.noise_sd)} (1 sd) from seed to seed."
