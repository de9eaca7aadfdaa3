"""Evolve a prompt and its rubric together with GEPA. This is the file to change.

Reads `train.json` and `val.json` in PRAXTUI_DATA, leaves `out/best.json` with the two texts. A run that was killed goes
on where it stood when it is started again with the same PRAXTUI_SCRATCH.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import gepa
from gepa import EvaluationBatch
from gepa.utils import ScoreThresholdStopper, TimeoutStopCondition
from models import REFLECTION_MODEL, TASK_MODEL, Model, Unreachable, preflight, spent
from scoring import PARTS, Candidate, Ticket, answers, gold, right, said

PROMPT = "You answer the tickets of a shop. Decide what is to be done with each."
RUBRIC = "You check decisions on the tickets of a shop. Say whether the proposed action is right."
METRIC_CALLS = 400  # tickets that are answered, all in all; a pass over the validation tickets takes VAL
TRAIN = 60  # tickets that are reflected upon
VAL = 40  # tickets that candidates are compared on
MINIBATCH = 6  # tickets that one reflection looks at
SELECTION = "pareto"  # pareto | current_best | epsilon_greedy: whose descendant is tried next
COMPONENTS = "round_robin"  # round_robin | all: what one reflection changes
MERGE = False  # whether two candidates that are good at different tickets are put together
REASONS = False  # whether a note on a wrong answer gives the policy's reason, or only the right word
KEEP_RIGHT = True  # whether the notes on right answers are shown, too
SCORE_ENOUGH = 0.99

LEAF = Path(__file__).resolve().parent
DATA = Path(os.environ.get("PRAXTUI_DATA") or LEAF / "data")
SCRATCH = Path(os.environ.get("PRAXTUI_SCRATCH") or LEAF / "scratch")


class Desk:
    """GEPA's adapter: answers tickets with a candidate, and writes the notes that a reflection reads."""

    propose_new_texts = None

    def __init__(self, task: Model) -> None:
        self.task = task

    def evaluate(self, batch: list[Ticket], candidate: Candidate, capture_traces: bool = False) -> EvaluationBatch:
        """Scores from 0 to 1, one a ticket: half for the prompt's answer, half for the rubric's."""
        given = answers(self.task, candidate, batch)
        traces = [{"ticket": ticket, "answers": answer} for ticket, answer in zip(batch, given, strict=True)]
        scores = [
            sum(right(part, trace["answers"][part], trace["ticket"]) for part in PARTS) / len(PARTS) for trace in traces
        ]
        return EvaluationBatch(outputs=given, scores=scores, trajectories=traces if capture_traces else None)

    def make_reflective_dataset(
        self, candidate: Candidate, evaluated: EvaluationBatch, components: list[str]
    ) -> dict[str, list[dict[str, Any]]]:
        """For each component that is to change: tickets, its answers, and a note on each."""
        return {
            part: [note for trace in evaluated.trajectories if (note := self.note(part, trace))] for part in components
        }

    def note(self, part: str, trace: dict[str, Any]) -> dict[str, Any] | None:
        """What a reflection is told of one answer; None for what it need not see."""
        ticket, answer = trace["ticket"], trace["answers"][part]
        asked = ticket["text"] if part == "prompt" else f"{ticket['text']}\nproposed action: {ticket['given']}"
        if right(part, answer, ticket):
            return {"Inputs": asked, "Generated Outputs": answer, "Feedback": "Right."} if KEEP_RIGHT else None
        feedback = f"Wrong: {said(part, answer) or 'no decision'} where {gold(part, ticket)} is due."
        if REASONS:
            feedback += f" {ticket['why']}"
        return {"Inputs": asked, "Generated Outputs": answer, "Feedback": feedback}


class Lines:
    """GEPA's callbacks, as progress lines."""

    def __init__(self, task: Model, reflection: Model) -> None:
        self.models = (task, reflection)
        self.calls, self.best = 0, 0.0

    def on_budget_updated(self, event: dict[str, Any]) -> None:
        self.calls = event["metric_calls_used"]

    def on_valset_evaluated(self, event: dict[str, Any]) -> None:
        self.best = max(self.best, event["average_score"])
        self.show(event["iteration"], event["average_score"])

    def on_candidate_rejected(self, event: dict[str, Any]) -> None:
        self.show(event["iteration"], None)

    def show(self, iteration: int, score: float | None) -> None:
        val = "" if score is None else f" | val: {score:.4f}"
        tokens = sum(model.tokens for model in self.models)
        print(f"step {iteration} | calls: {self.calls}{val} | best: {self.best:.4f} | tokens: {tokens}", flush=True)


def load(name: str, most: int) -> list[Ticket]:
    found: list[Ticket] = json.loads((DATA / f"{name}.json").read_text())
    return found[:most]


def evolve(task: Model, reflection: Model) -> Candidate:
    """The best candidate by its score on the validation tickets."""
    stops: list[Any] = [ScoreThresholdStopper(SCORE_ENOUGH)]
    if budget := float(os.environ.get("PRAXTUI_BUDGET_S") or 0):
        stops.append(TimeoutStopCondition(budget))
    found = gepa.optimize(
        seed_candidate={"prompt": PROMPT, "rubric": RUBRIC},
        trainset=load("train", TRAIN),
        valset=load("val", VAL),
        adapter=Desk(task),
        reflection_lm=reflection,
        candidate_selection_strategy=SELECTION,
        module_selector=COMPONENTS,
        reflection_minibatch_size=MINIBATCH,
        use_merge=MERGE,
        max_metric_calls=METRIC_CALLS,
        stop_callbacks=stops,
        callbacks=[Lines(task, reflection)],
        run_dir=str(SCRATCH / "gepa"),
        seed=int(os.environ.get("PRAXTUI_SEED", "0")),
        logger=Quiet(),
    )
    print(f"candidates: {len(found.candidates)}")
    print(f"val_score: {found.val_aggregate_scores[found.best_idx]:.4f}")
    best: Candidate = found.best_candidate
    return best


class Quiet:
    """GEPA's log is long; what of it matters is in the progress lines and in the texts at the end."""

    def log(self, message: str) -> None:
        if "rror" in message:
            print(message[:500])


def main() -> None:
    task, reflection = Model(TASK_MODEL, "task"), Model(REFLECTION_MODEL, "reflection")
    preflight(task, reflection)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    try:
        best = evolve(task, reflection)
    except Unreachable as problem:
        sys.exit(f"evolve.py: {problem}")
    finally:
        print(f"usd: {spent(task, reflection)}")
    out = LEAF / "out"
    out.mkdir(exist_ok=True)
    (out / "best.json").write_text(json.dumps(best, indent=1) + "\n")
    for part in PARTS:
        print(f"--- {part}\n{best[part]}")
    print(f"task_calls: {task.calls}")
    print(f"reflection_calls: {reflection.calls}")


if __name__ == "__main__":
    main()
