"""A campaign as a real folder, written without an engine: every kind of fact, logs, curves and streams, at fixed times.

`recorded` writes one that is over or, with `live`, one in the middle of a run; `grow` takes a live one a step further.
"""

from __future__ import annotations

import difflib
import json
import math
import random
from pathlib import Path
from typing import Any

import msgspec

from praxtui.journal import liveness
from praxtui.journal.facts import (
    Advanced,
    Budgets,
    CampaignCreated,
    CampaignEnded,
    Claimed,
    DraftBegun,
    DraftCommitted,
    DraftRefused,
    DraftVetoed,
    EngineStarted,
    EngineStopped,
    EpochOpened,
    Fact,
    HypothesisStated,
    Judged,
    KillAsked,
    NoiseMeasured,
    Noticed,
    Reflected,
    Restored,
    RunEnded,
    SandboxProbed,
    SetupEnded,
    SetupStarted,
    StandingChanged,
    TrialEnded,
    TrialStarted,
)
from praxtui.journal.folded import folded
from praxtui.journal.people import CommandTaken, HintGiven, Paused, Resumed, Spent, WaitingBegan, WaitingEnded
from praxtui.journal.store import Journal
from tests.tui.recorded_ideas import BRIEF, FINDINGS, IDEAS, PROGRAM, THOUGHT, TRACEBACK, Idea
from tests.tui.recording import BEGAN, BUDGET_S, EVALUATION_S, LINES, NOISE, PERSON, START, Recording, commit_of

__all__ = ["BEGAN", "empty", "grow", "imported", "last_moment", "recorded"]


def recorded(
    home: Path,
    experiments: int = 12,
    *,
    id: str = "mar22-a",
    leaf: str = "pretrain",
    live: bool = False,
    alive: bool = True,
    researcher: str = "llm",
    timed: bool = True,
    lines: int = LINES,
    streams: int = 20,
    share: float = 0.6,
) -> Path:
    """A campaign's folder under `home`, the same every time. Takes some 0.1 s for 12 experiments.

    `live`: the last experiment is under way (`share` of its run done), the next one is being drafted, and this process
    stands in for the engine; with `alive` False the engine died. `timed` False: as imported, all facts at one moment
    and no run.times. `lines` of progress a run; the newest `streams` experiments have a stream.
    """
    recording = Story(home, id, leaf, researcher, timed=timed, lines=lines)
    recording.opening(Budgets(experiments=None if live else experiments, hours=8.0, usd=10.0))
    recording.baseline()
    for number in range(1, experiments + 1):
        last = number == experiments
        recording.draft(number, streamed=experiments - number < streams)
        if last and live:
            recording.under_way(number, share)
            recording.draft(number + 1, half=True)
        else:
            recording.carry_out(number)
    if not live:
        recording.ending(f"{experiments} experiments done", imported=not timed)
    recording.write()
    if live:
        _identify(recording.folder, alive)
    return recording.folder


def empty(home: Path, id: str = "mar22-e", leaf: str = "pretrain") -> Path:
    """A campaign that was created, and nothing else: its engine has not started yet."""
    recording = Story(home, id, leaf, "llm")
    recording.created(Budgets(experiments=100, hours=8.0, usd=10.0))
    recording.write()
    return recording.folder


def imported(home: Path, experiments: int = 12, id: str = "h100-mar8") -> Path:
    """A campaign without timings: all its facts were written at one moment."""
    return recorded(home, experiments, id=id, researcher="imported", timed=False)


def last_moment(folder: Path) -> float:
    """The latest time in a campaign's record, the sizes of its logs included: the now of a live one, for its tests."""
    with Journal.open(folder) as journal:
        state = folded(journal)
        latest = [state.at, *(item.at for item in journal.stream_read())]
    for name in state.running:
        asked = next(
            run.asked for run in state.experiments[name.split("/")[0]].runs if run.n == int(name.split("/")[1])
        )
        times = (folder / "runs" / name / "run.times").read_text().split("\n")
        latest.append(asked + float(times[-2].split()[1]))
    return max(latest)


def grow(folder: Path, steps: int = 1) -> None:
    """Take a live campaign further: more of the run's log and of the draft's thoughts; once the run's budget is used
    up, its verdict; then the next run."""
    for _ in range(steps):
        recording = Story.resumed(folder)
        recording.step()
        recording.write()


def _identify(folder: Path, alive: bool) -> None:
    known = liveness.write_identity(folder)
    if not alive:
        dead = msgspec.structs.replace(known, start=known.start - 1)
        (folder / liveness.IDENTITY).write_bytes(msgspec.json.encode(dead))


class Story(Recording):
    """What happens in the campaign, experiment by experiment."""

    @classmethod
    def resumed(cls, folder: Path) -> Story:
        """The recording of a live campaign, to go on with."""
        with Journal.open(folder) as journal:
            state = folded(journal)
        recording = cls(folder.parent.parent, folder.name, state.leaf_name, state.researcher)
        recording.at = last_moment(folder)
        recording.best = min(run.metric for e in state.experiments.values() for run in e.runs if run.metric is not None)
        recording.head = state.head or "e0"
        recording.runs = {e.id: len(e.runs) for e in state.experiments.values()}
        recording.trials, recording.commands = len(state.trials), state.commands
        return recording

    # --- the campaign ------------------------------------------------------------------------------------------------

    def created(self, budgets: Budgets) -> None:
        """Asked for, at 09:00."""
        models = ["anthropic/claude-x"] if self.researcher == "llm" else []
        self.fact(
            self.at,
            CampaignCreated(
                id=self.folder.name, leaf=str(self.leaf), leaf_name=self.leaf.name, researcher=self.researcher, seed=7,
                program=self.blob(PROGRAM), budgets=budgets, praxtui="0.1.0", models=models,
            ),
        )  # fmt: skip

    def opening(self, budgets: Budgets) -> None:
        """Created, its engine started, set up."""
        self.created(budgets)
        key = commit_of("setup")[:24]
        self.fact(self.at + 0.6, EngineStarted(4242, 99, "boot", "box", "0.1.0", ""))
        self.fact(
            self.at + 1.5,
            EpochOpened(1, "start", self.blob(PROGRAM), commit_of("e0"), "e0", "minimize", "val_bpb", "evaluator"),
            SetupStarted(key),
        )
        self.fact(self.at + 2.4, SandboxProbed("full", FINDINGS))
        self.fact(self.at + 31.0, SetupEnded(key, True, 29.5, False, "d" * 64))
        self.at += 31.2

    def baseline(self) -> None:
        """Five runs of the unchanged leaf."""
        for spread in (0.0, 0.0006, -0.0007, 0.0004, -0.0003):
            self.run("e0", "baseline", START + spread)
        self.fact(self.at, NoiseMeasured(1, NOISE, 4, 5), Judged("e0", "keep", reason="the baseline"))

    def ending(self, reason: str, imported: bool = False) -> None:
        """It is over."""
        self.fact(self.at + 1.0, CampaignEnded("imported" if imported else "finished", reason, 0))
        self.fact(self.at + 1.1, EngineStopped(reason))

    # --- an experiment -----------------------------------------------------------------------------------------------

    def idea(self, number: int) -> Idea:
        """The idea of an experiment; in every later round they are worth a third of the round before."""
        found = IDEAS[(number - 1) % len(IDEAS)]
        gain = found.gain / 3 ** ((number - 1) // len(IDEAS)) if found.gain > 0 else found.gain
        return found._replace(gain=gain)

    def draft(self, number: int, streamed: bool = True, half: bool = False) -> None:
        """What leads to a commit, during the run before; `half`: only up to the hypothesis and some of the thoughts."""
        name, idea = f"e{number}", self.idea(number)
        begun = self.at if half else max(self.drafted, self.at - 250.0)
        parent = self.head if half else self.drafted_on
        self.drafted, self.drafted_on = begun + 46.0, self.head
        hints = ["k1"] if number == 8 else []
        said = HypothesisStated(
            name, idea.title, idea.mechanism, idea.predicted, self.researcher, hints, {"constant": idea.constant}
        )
        self.fact(begun, DraftBegun(name, 1, parent, commit_of(parent), self.researcher))
        self.fact(begun + 21.0, said)
        if streamed:
            self.converse(begun, name, idea, half)
        if half:
            return
        if number % 6 == 5:
            self.fact(begun + 30.0, DraftRefused(name, 1, "it changes evaluate.py, which is no lever"))
        self.fact(begun + 44.0, self.committed(name, idea, parent))
        if self.researcher == "llm":
            self.fact(begun + 45.0, Spent(0.038, 41_200, "draft", name, 30_000, 2_100))
        self.at = max(self.at, begun + 46.0)
        if parent != self.head:
            self.fact(self.at, self.committed(name, idea, self.head, carried=True))

    def committed(self, name: str, idea: Idea, parent: str, carried: bool = False) -> DraftCommitted:
        """A draft as it was handed in, or as it was carried over to a newer head."""
        text = self.text.replace(f"{idea.constant} = {idea.before}", f"{idea.constant} = {idea.after}")
        change = difflib.unified_diff(self.text.splitlines(True), text.splitlines(True), "a/train.py", "b/train.py")
        diff, files = self.blob("".join(change)), {"train.py": self.blob(text)}
        return DraftCommitted(
            name, 2 if carried else 1, commit_of(name, carried), commit_of(parent), parent, ["train.py"], files, diff,
            commit_of("state", name), 1, carried,
        )  # fmt: skip

    def converse(self, begun: float, name: str, idea: Idea, half: bool) -> None:
        """What a model was shown and said; a search has one thought."""
        if self.researcher != "llm":
            self.stream(begun + 1.0, name, "thought", f"12 knobs, 3 tried; {idea.constant} next")
            return
        head = json.dumps({"what": "draft", "roles": ["system", "user"]})
        shown = [head, "You propose one change at a time.", BRIEF.format(head=self.head, best=self.best)]
        self.stream(begun + 0.1, name, "prompt", self.journal.put_parts([part.encode() for part in shown]))
        thought = THOUGHT.format(mechanism=idea.mechanism.capitalize(), constant=idea.constant)
        words = thought.split(" ")
        for i in range(0, len(words), 6):
            self.stream(begun + 3.0 + i * 0.3, name, "thought", " ".join(words[i : i + 6]) + " ")
        if half:
            return
        usage = {"what": "draft", "model": "anthropic/claude-x", "prompt": 20_100, "cached": 15_000, "output": 1_050}
        used = {**usage, "usd": 0.019, "seconds": 14.2, "finish": "tool"}
        self.stream(begun + 17.0, name, "usage", used)
        arguments = json.dumps({"path": "train.py", "start": 1, "end": 60})
        self.stream(begun + 17.1, name, "call", {"id": "c1", "name": "read", "arguments": arguments})
        self.stream(begun + 17.2, name, "result", {"id": "c1", "name": "read", "text": self.text})
        self.stream(begun + 24.0, name, "text", f"{idea.constant} goes from {idea.before} to {idea.after}.")
        edit = {"path": "train.py", "old": f"{idea.constant} = {idea.before}", "new": f"{idea.constant} = {idea.after}"}
        self.stream(begun + 40.0, name, "usage", used)
        self.stream(begun + 40.1, name, "call", {"id": "c2", "name": "edit", "arguments": json.dumps(edit)})
        self.stream(begun + 40.2, name, "result", {"id": "c2", "name": "edit", "text": "ok: 1 line changed"})
        self.stream(begun + 43.0, name, "call", {"id": "c3", "name": "submit", "arguments": "{}"})
        self.stream(begun + 43.9, name, "result", {"id": "c3", "name": "submit", "text": "ok"})

    def carry_out(self, number: int) -> None:
        """The experiment's runs, its verdict, and what people do meanwhile."""
        name, idea = f"e{number}", self.idea(number)
        parent, before = self.head, self.best
        self.meanwhile(number)
        if idea.kind == "veto":
            why = "leave the validation text alone"
            self.command("veto", {"experiment": name, "reason": why}, f"{name} vetoed", DraftVetoed(name, PERSON, why))
            self.judged(name, "void", reason=f"vetoed: {why}")
        elif idea.kind == "crash":
            self.run(name, "select", None, share=0.02, why="exit", exit=1, end=TRACEBACK)
            self.run(name, "repair", None, share=0.02, why="exit", exit=1, end=TRACEBACK)
            self.judged(name, "crash", reason="AssertionError: batch 131000 is indivisible by 16384")
        elif idea.kind == "void":
            n = self.runs.get(name, 0) + 1
            self.fact(self.at + 90.0, KillAsked(name, n, PERSON))
            self.run(name, "select", None, share=0.3, why="killed", exit=None)
            self.command("kill", {"experiment": name, "n": n}, f"run {n} of {name} ends", given=self.at - 16.0)
            self.judged(name, "void", reason=f"killed by {PERSON}")
        elif idea.kind == "behind":
            self.run(name, "select", None, share=0.33, why="behind", exit=None)
            self.judged(name, "discard", flags=["behind"], reason="at 33% its loss was behind every kept run")
        elif idea.kind == "invalid":
            self.run(name, "select", None, broke="the evaluator found claims that do not agree")
            self.judged(name, "invalid", reason="the evaluator found claims that do not agree")
        else:
            self.measured(number, idea, parent, before)
        if idea.kind not in ("veto", "void"):
            held = "confirmed" if idea.gain > 0 else "inconclusive" if not idea.gain else "refuted"
            words = f"{idea.constant} {idea.before} → {idea.after}: {'gained' if idea.gain > 0 else 'did not help'}"
            self.fact(self.at + 4.0, Reflected(name, held, words, self.researcher, None))

    def measured(self, number: int, idea: Idea, parent: str, before: float) -> None:
        """A run with a metric, kept or not, and the trials that follow a keep."""
        name = f"e{number}"
        value = round(before - idea.gain + random.Random(number).gauss(0, NOISE / 4), 6)
        self.run(name, "select", value)
        delta = before - value
        kept = idea.kind in ("keep", "revoked")
        self.judged(
            name, "keep" if kept else "discard", standing="provisional" if kept else None, delta=round(delta, 6),
            delta_sd=round(delta / NOISE / math.sqrt(2), 2), confidence=0.97 if kept else 0.04,
            bar=round(value - NOISE, 6) if kept else None,
        )  # fmt: skip
        if not kept:
            return
        self.fact(self.at, Advanced(name, commit_of("branch", name)))
        self.head, self.best = name, value
        self.kept.append(name)
        self.text = self.text.replace(f"{idea.constant} = {idea.before}", f"{idea.constant} = {idea.after}")
        if idea.kind == "revoked":
            self.trial("audit", name, parent, [name], "failed", (before + 0.0004, before))
            self.fact(self.at, Restored(parent, [name], commit_of("back", name)))
            self.head, self.best = parent, before
            self.kept.remove(name)
        elif number % len(IDEAS) == 6:
            self.trial("audit", name, "e0", list(self.kept), "held", (value, START))
            self.fact(self.at, Claimed(1, name, value + 0.0002, START - value, START - value - 0.0006, START - value))
        elif number % len(IDEAS) == 8:
            self.trial("confirm", name, parent, [name], "held", (value, before))

    def trial(
        self, kind: str, head: str, base: str, members: list[str], outcome: str, values: tuple[float, float]
    ) -> None:
        """Three fresh pairs and what they say; `values` of the head and of the base."""
        gain = values[1] - values[0]
        self.trials += 1
        number = self.trials
        self.fact(self.at, TrialStarted(number, kind, head, base, members, {"pairs": 3}))
        for pair in (1, 2, 3):
            for name, value in zip((head, base), values, strict=True):
                self.run(name, kind, round(value + NOISE / 2 * (pair - 2), 6), trial=number, pair=pair)
        ended = TrialEnded(number, outcome, 3, round(gain, 6), round(gain - NOISE, 6), round(gain + NOISE, 6))
        standing = "revoked" if outcome == "failed" else "confirmed" if kind == "confirm" else "supported"
        self.fact(self.at, ended, StandingChanged(members, standing, f"{kind} {outcome}", number))

    def judged(self, name: str, verdict: str, **more: Any) -> None:
        """The verdict, a moment after the last run."""
        self.at += 0.4
        self.fact(self.at, Judged(name, verdict, **more))

    def command(self, verb: str, args: dict[str, Any], outcome: str, *facts: Fact, given: float | None = None) -> None:
        """A person's command, taken at once."""
        self.commands += 1
        at = self.at if given is None else given
        self.fact(at, CommandTaken(self.commands, verb, args, PERSON, at - 0.1, outcome), *facts)

    def meanwhile(self, number: int) -> None:
        """What people and services do before an experiment runs."""
        if number == 5:
            self.hint("k1", "weight decay on the matrices has not been tried")
        if number == 7:
            self.command("pause", {}, "paused", Paused(PERSON))
            self.at += 1200.0
            self.command("resume", {}, "goes on", Resumed(PERSON))
        if number == 9:
            reason = "waiting for anthropic: overloaded, again in 40 s"
            self.fact(self.at, WaitingBegan("provider", reason), Noticed("anthropic is overloaded"))
            self.at += 40.0
            self.fact(self.at, WaitingEnded("provider"))
        if number == 11:
            self.hint("k2", "try QK norm [b]after[/b] rotary 回転")

    def hint(self, id: str, text: str) -> None:
        """A person's sentence."""
        self.command("hint", {"text": text}, f"hint {id} waits for the next draft", HintGiven(id, text, PERSON))

    # --- further -----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """The next step of a live campaign, whatever it is."""
        with Journal.open(self.folder) as journal:
            state = folded(journal)
        drafted = f"e{max(e.number for e in state.experiments.values())}"
        if not state.running:
            self.at += 0.5
            number = int(drafted[1:])
            self.fact(self.at, self.committed(drafted, self.idea(number), self.head))
            self.under_way(number, 0.1)
            self.draft(number + 1, half=True)
            return
        name, _, n = state.running[-1].partition("/")
        run = next(run for run in state.experiments[name].runs if run.n == int(n))
        done = (self.folder / "runs" / name / n / "run.log").read_text().count("step ")
        if done < self.lines:
            self.log(name, run.n, done, min(self.lines, done + 10), run.asked)
            self.stream(self.at + 10 * BUDGET_S / self.lines, drafted, "thought", f"After {done + 10} lines. ")
            return
        ended = run.asked + BUDGET_S + EVALUATION_S
        value = round(self.best - 0.0012, 6)
        size = (self.folder / "runs" / name / n / "run.log").stat().st_size
        ran = (ended - run.asked, run.asked + 0.1, ended, value, {"val_bpb": value})
        self.fact(
            ended,
            RunEnded(name, run.n, "exit", 0, *ran, log_bytes=size),
            Judged(name, "keep", "provisional", 0.0012, 1.4, 0.92, bar=value - NOISE),
            Advanced(name, commit_of("branch", name)),
        )
