"""The status document of a campaign, as `status --json` gives it. The keys are contracts."""

from __future__ import annotations

import statistics
from typing import Any

from praxtui.journal.state import Hint, Spending, State


def document(state: State, *, alive: bool | None = None, pid: int | None = None) -> dict[str, Any]:
    """The status of a folded state. Liveness is no part of the record: the caller joins it (`alive`, `pid`)."""
    epoch = state.epoch
    baseline = baseline_value(state)
    return {
        "id": state.id,
        "leaf": state.leaf_name,
        "state": name_of(state, alive),
        "phase": phase(state, alive),
        "researcher": state.researcher,
        "models": list(state.models),
        "epoch": epoch.number if epoch else 0,
        "experiments": state.counted,
        **_keeps(state),
        "metric": epoch.metric if epoch else None,
        "baseline": baseline,
        "best": best(state),
        "best_observed": best_observed(state),
        "best_id": state.head,
        "claimed_gain": claimed_gain(state),
        "noise_sd": None if epoch is None else 0.0 if epoch.deterministic else epoch.noise_sd,
        "goal": epoch.goal if epoch else None,
        "target": epoch.target if epoch else None,
        "metric_by": epoch.metric_by if epoch else None,
        "spent": spent(state.spent),
        "budgets": {
            "experiments": state.budgets.experiments,
            "hours": state.budgets.hours,
            "usd": state.budgets.usd,
            "tokens": state.budgets.tokens,
        },
        "hints": [hint(state, given) for given in state.hints.values()],
        "idle_fraction": idle_fraction(state),
        "turnaround_s": _turnaround(state.turnarounds),
        "sandbox": state.sandbox,
        "sandbox_findings": dict(state.sandbox_findings),
        "reason": state.end_reason if state.ended else state.waiting_reason,
        "waits": dict(state.waits),
        "created": state.created,
        "updated": state.at,
        "exit_code": state.exit_code,
        "engine": {"pid": pid, "alive": bool(alive)},
    }


def spent(s: Spending) -> dict[str, Any]:
    """What was used. `usd` is None where some tokens have no known price; `usd_known` is what the others cost."""
    return {
        "usd": None if s.unpriced else round(s.usd, 6),
        "usd_known": round(s.usd, 6),
        "tokens": s.tokens,
        "tokens_cached": s.cached,
        "tokens_output": s.output,
        "unpriced_tokens": s.unpriced,
        "hours": round(s.seconds / 3600, 5),
        "gpu_hours": round(s.gpu_seconds / 3600, 5),
    }


def hint(state: State, given: Hint) -> dict[str, Any]:
    """A person's hint, the experiments that used it, and what came of each."""
    users = [state.experiments[name] for name in given.used_by if name in state.experiments]
    return {
        "id": given.id,
        "text": given.text,
        "by": given.by,
        "given": given.given,
        "withdrawn": given.withdrawn,
        "used_by": list(given.used_by),
        "results": [
            {"id": e.id, "verdict": e.verdict, "standing": e.standing, "delta": e.delta, "delta_sd": e.delta_sd}
            for e in users
        ],
    }


def name_of(state: State, alive: bool | None) -> str:
    """running, paused, waiting, stopped, finished, imported or dead; dead outranks running, paused and waiting."""
    if state.ended:
        return state.ended
    if alive is False:
        return "dead"
    if state.paused:
        return "paused"
    # A provider may be waited for while a run goes on; that holds nothing up yet.
    held_up = [cause for cause in state.waits if cause != "provider" or not state.running]
    return "waiting" if held_up else "running"


def phase(state: State, alive: bool | None = None) -> str:
    """What is going on, in a few words."""
    if state.ended:
        return state.end_reason or state.ended
    if alive is False:
        return "no engine"
    if state.setup_running:
        return "setup"
    if state.running:
        return ", ".join(_running(state, name) for name in state.running)
    if state.paused:
        return "paused"
    if state.waiting:
        reason = state.waiting_reason or state.waiting
        return reason if reason.startswith("waiting ") else f"waiting: {reason}"
    drafting = [e.id for e in state.children() if e.verdict is None and e.commit is None]
    return f"drafting {drafting[-1]}" if drafting else "between runs"


def _running(state: State, name: str) -> str:
    experiment, _, n = name.partition("/")
    run = next((r for r in state.experiments[experiment].runs if r.n == int(n)), None)
    if run is None or run.use == "select":
        return f"running {experiment}"
    if run.use == "baseline":
        epoch = state.epoch
        done = sum(1 for r in state.experiments[experiment].runs if r.use == "baseline" and r.epoch == run.epoch)
        total = 1 if epoch is None or epoch.deterministic else epoch.repeats
        return f"baseline {done} of {total}"
    return f"audit of {experiment}" if run.use == "audit" else f"{run.use} of {experiment}"


def _keeps(state: State) -> dict[str, int]:
    kept = [e for e in state.children() if e.verdict == "keep" and e.standing != "revoked"]
    return {
        "kept": len(kept),
        "supported": sum(1 for e in kept if e.standing == "supported"),
        "confirmed": sum(1 for e in kept if e.standing == "confirmed"),
    }


def baseline_value(state: State) -> float | None:
    """Mean of the baseline runs of the current epoch, in the metric's unit."""
    epoch = state.epoch
    if epoch is None or epoch.head not in state.experiments:
        return None
    runs = state.experiments[epoch.head].measured("baseline", epoch=epoch.number)
    return statistics.fmean(run.metric for run in runs if run.metric is not None) if runs else None


def best_observed(state: State) -> float | None:
    """What the head showed when it was selected: of a noisy metric, an optimistic number."""
    epoch = state.epoch
    head = state.experiments.get(state.head or "")
    if epoch is None or head is None:
        return None
    if head.id == epoch.head:
        return baseline_value(state)
    runs = head.measured("select", "repair", epoch=epoch.number)
    return runs[-1].metric if runs else None


def best(state: State) -> float | None:
    """The head's fresh estimate; of a deterministic metric, its value."""
    epoch = state.epoch
    if epoch is not None and epoch.deterministic:
        return best_observed(state)
    if state.claim is not None and state.claim.experiment == state.head:
        return state.claim.best
    return None


def claimed_gain(state: State) -> dict[str, float | None]:
    """Gain over the baseline, positive is better, with its 95% interval; None where nothing may be claimed yet."""
    epoch = state.epoch
    if epoch is not None and epoch.deterministic:
        value, start = best_observed(state), baseline_value(state)
        if value is None or start is None or state.head == epoch.head:
            return {"value": None, "low": None, "high": None}
        gain = epoch.sign * (value - start)
        return {"value": gain, "low": gain, "high": gain}
    claim = state.claim
    if claim is None:
        return {"value": None, "low": None, "high": None}
    return {"value": claim.value, "low": claim.low, "high": claim.high}


def idle_fraction(state: State) -> float | None:
    """Share of the working time since the first run in which no training process was there."""
    if state.first_run is None:
        return None
    total = state.idle_seconds + state.spent.run_seconds
    return round(state.idle_seconds / total, 4) if total > 0 else None


def _turnaround(seconds: list[float]) -> dict[str, float | None]:
    if not seconds:
        return {"median": None, "p95": None}
    ordered = sorted(seconds)
    return {
        "median": round(statistics.median(ordered), 4),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 4),
    }
