"""The end of a followed campaign: where it stands, the best-so-far curve, where everything is."""

from __future__ import annotations

from typing import Any

from praxtui.cli.status import best_line, gain_line, spent_line, standings, turnaround_line
from praxtui.journal.shown import metric, money
from praxtui.journal.state import State

HEIGHT = 8
WIDTH = 60


def summary(state: State, document: dict[str, Any]) -> str:
    """A dozen lines for a person who comes back to a finished campaign."""
    s = document
    why = f": {s['reason']}" if s["reason"] else ""
    lines = ["", f"{s['id']} is {s['state']}{why}", ""]
    curve = best_so_far(state)
    if len(curve) > 1:
        lines += [*plot(curve, state), ""]
    lines += [
        f"baseline  {metric(s['baseline'])}",
        f"best      {best_line(s)}",
        f"claimed   {gain_line(s)}",
        f"tried     {s['experiments']} experiments, {s['kept']} kept ({standings(s)})",
        f"spent     {spent_line(s)}",
        *gain_price(s),
        f"between   {turnaround_line(s)}",
    ]
    if s["metric_by"] == "lever":
        lines.append("metric    reported by the lever: this leaf has no evaluator")
    lines += [
        "",
        f"in {state.leaf}",
        f"  the branch praxtui/{s['id']} holds the keeps",
        f"  refs/praxtui/{s['id']}/ holds every experiment",
        f"more: praxtui ledger {s['id']}, praxtui show {s['id']} {s['best_id'] or 'e0'}",
    ]
    return "\n".join(lines)


def gain_price(s: dict[str, Any]) -> list[str]:
    """What each keep cost that fresh evidence holds up; nothing where there is none, or where the cost is not known."""
    usd = s["spent"]["usd"]
    held = s["confirmed"] + s["supported"]
    if not usd or not held:
        return []
    keeps = f"{held} confirmed" if not s["supported"] else f"{held} confirmed or supported"
    return [f"a gain    {money(usd / held)} for each of {keeps}" if held > 1 else f"a gain    {money(usd)}, {keeps}"]


def best_so_far(state: State) -> list[tuple[float, bool]]:
    """After the baseline and after each judged experiment: the incumbent's value as measured, and whether it is new."""
    epoch = state.epoch
    if epoch is None:
        return []
    start = state.experiments[epoch.head]
    values = [run.metric for run in start.measured("baseline", epoch=epoch.number) if run.metric is not None]
    if not values:
        return []
    curve = [(sum(values) / len(values), True)]
    for e in state.children():
        if e.epoch != epoch.number or e.verdict in (None, "void"):
            continue
        found = [run.metric for run in e.measured("select", "repair") if run.metric is not None]
        kept = e.verdict == "keep" and e.standing != "revoked" and bool(found)
        curve.append((found[-1], True) if kept else (curve[-1][0], False))
    return curve


def plot(curve: list[tuple[float, bool]], state: State) -> list[str]:
    """The best value so far against experiments, as text: `●` a keep, `─` the time until the next."""
    low, high = min(value for value, _ in curve), max(value for value, _ in curve)
    step = max(1, -(-len(curve) // WIDTH))
    columns = [curve[i : i + step] for i in range(0, len(curve), step)]
    height = 1 if high == low else HEIGHT
    grid = [[" "] * len(columns) for _ in range(height)]
    for x, group in enumerate(columns):
        value = group[-1][0]
        y = 0 if high == low else round((high - value) / (high - low) * (height - 1))
        grid[y][x] = "●" if any(new for _, new in group) else "─"
    labels = [metric(high), *[""] * (height - 2), *([metric(low)] if height > 1 else [])]
    wide = max(len(label) for label in labels)
    lines = [f"{label:>{wide}} │{''.join(line)}" for label, line in zip(labels, grid, strict=True)]
    last = list(state.experiments)[-1]
    lines.append(f"{'':>{wide}} └{'─' * len(columns)}")
    lines.append(f"{'':>{wide}}  e0{last:>{max(len(last) + 1, len(columns) - 2)}}")
    return lines
