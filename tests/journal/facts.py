"""Sequences of facts: arbitrary ones of every kind, and ones that an engine could have written."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from praxtui.journal.events import KINDS, Event, Unknown
from praxtui.journal.facts import (
    Advanced,
    Budgets,
    CampaignCreated,
    CampaignEnded,
    CampaignReopened,
    Claimed,
    DraftBegun,
    DraftCommitted,
    EngineStarted,
    EngineStopped,
    EpochOpened,
    Fact,
    HypothesisStated,
    Judged,
    NoiseMeasured,
    Noticed,
    Reflected,
    Restored,
    RunEnded,
    RunStarted,
    StandingChanged,
    TrialEnded,
    TrialStarted,
)
from praxtui.journal.people import (
    AutonomyChanged,
    BudgetsChanged,
    CommandTaken,
    HintGiven,
    Paused,
    ProgramChanged,
    Resumed,
    Spent,
    StopAsked,
    WaitingBegan,
    WaitingEnded,
)

EXPERIMENTS = tuple(f"e{n}" for n in range(5))
VERDICTS = ("keep", "discard", "crash", "invalid", "void")
STANDINGS = ("provisional", "supported", "confirmed", "revoked")
numbers = st.floats(allow_nan=False, allow_infinity=False)
wholes = st.integers(-(2**63), 2**63 - 1)
words = st.text(max_size=12)
things = st.recursive(
    st.none() | st.booleans() | wholes | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
# Names repeat within a campaign; drawn from all texts, no two facts would speak of the same thing.
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("experiment", "parent", "head", "base", "to"), st.sampled_from(EXPERIMENTS)),
    **dict.fromkeys(("experiments", "members", "revoked"), st.lists(st.sampled_from(EXPERIMENTS), max_size=4)),
    **dict.fromkeys(("n", "trial", "epoch", "attempt", "draft", "pair"), st.integers(1, 3)),
    "id": st.sampled_from(("nov22-a", "c")),
    "hint": st.sampled_from(("k1", "k2")),
    "hints": st.lists(st.sampled_from(("k1", "k2", "k9")), max_size=3),
    "goal": st.sampled_from(("minimize", "maximize")),
    "use": st.sampled_from(("baseline", "select", "audit", "repair")),
    "verdict": st.sampled_from(VERDICTS),
    "standing": st.sampled_from(STANDINGS),
    "outcome": st.sampled_from(("held", "failed", "undecided")),
    "state": st.sampled_from(("finished", "stopped", "imported")),
}


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of the type of a field."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind in (str, int, float, bool, Any):
        return {str: words, int: wholes, float: numbers, bool: st.booleans(), Any: things}[kind]
    if kind is type(None):
        return st.none()
    if kind is Budgets:
        return st.builds(Budgets, *[st.none() | wholes, st.none() | numbers, st.none() | numbers, st.none() | wholes])
    if origin is list:
        return st.lists(of_type(inner[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(words, of_type(inner[1]), max_size=3)
    return st.one_of(*[of_type(one) for one in inner])


def of_kind(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    """Any fact of a kind."""
    hints = {name: hint for name, hint in typing.get_type_hints(kind).items() if name in kind.__struct_fields__}
    fields = {}
    for name, hint in hints.items():
        named = FIELDS.get(name)
        optional = type(None) in typing.get_args(hint)
        fields[name] = of_type(hint) if named is None else st.none() | named if optional else named
    return st.builds(kind, **fields)


unknowns = st.builds(Unknown, st.just("FromLater"), st.integers(1, 9), st.binary(max_size=20))
arbitrary = st.lists(st.one_of(*[of_kind(kind) for kind in KINDS.values()], unknowns), max_size=25)


def begun(
    *, goal: str = "minimize", deterministic: bool = False, repeats: int = 2, budgets: Budgets | None = None
) -> list[Fact]:
    """The facts up to the end of the baseline: values 1.0, 1.1, ... of a metric `loss`."""
    facts: list[Fact] = [
        CampaignCreated("c", "/leaf", "leaf", "sweep", 0, "p" * 64, budgets or Budgets(experiments=9), "0.1"),
        EngineStarted(7, 1, "boot", "host", "0.1", "none"),
        EpochOpened(
            1, "start", "p" * 64, "b" * 40, "e0", goal, "loss", "evaluator",
            deterministic=deterministic, repeats=repeats,
        ),
    ]  # fmt: skip
    for n in range(1, 2 if deterministic else repeats + 1):
        facts += ran("e0", n, 1.0 + (n - 1) / 10, use="baseline", seed=n - 1)
    return [*facts, NoiseMeasured(1, 0.05, 1, repeats), Judged("e0", "keep", reason="the baseline")]


def ran(name: str, n: int, metric: float | None, *, use: str = "select", seed: int = 0, epoch: int = 1) -> list[Fact]:
    """A run from its start to its end; of no metric, a crash."""
    reason = None if metric is not None else "run: exit 1"
    return [
        RunStarted(name, n, use, seed, "c" * 40, epoch),
        RunEnded(name, n, "exit", 0, 2.0, 100.0 + n, 102.0 + n, metric, reason=reason, usd=0.25, gpu_seconds=2.0),
    ]


def drafted(name: str, parent: str = "e0", *, hints: Sequence[str] = ()) -> list[Fact]:
    """A draft from its beginning to its commit."""
    return [
        DraftBegun(name, 1, parent, "b" * 40, "sweep"),
        HypothesisStated(name, f"LR of {name}", "because", "better", "sweep", list(hints)),
        DraftCommitted(name, 1, name * 20, "b" * 40, parent, ["a.py"], {"a.py": "f" * 64}, "d" * 64, f"key {name}"),
    ]


def judged(
    name: str, verdict: str, metric: float | None = None, *, parent: str = "e0", standing: str | None = None
) -> list[Fact]:
    """An experiment from its draft to its reflection."""
    facts = drafted(name, parent)
    if verdict in ("keep", "discard", "crash"):
        facts += ran(name, 1, metric)
    facts.append(Judged(name, verdict, standing, delta=0.1, delta_sd=2.0, confidence=0.9))
    if verdict == "keep":
        facts.append(Advanced(name, f"on {name}"))
    return [*facts, Reflected(name, "confirmed", "learned", "sweep")]


@st.composite
def plausible(draw: st.DrawFn) -> list[Fact]:
    """What an engine could write: a baseline, experiments, commands in between, audits, an end, a second engine."""
    facts = begun(deterministic=draw(st.booleans()), goal=draw(st.sampled_from(("minimize", "maximize"))))
    kept = "e0"
    for number in range(1, draw(st.integers(0, 6)) + 1):
        name = f"e{number}"
        facts += draw(st.sampled_from(BETWEEN))
        verdict = draw(st.sampled_from(VERDICTS))
        facts += judged(name, verdict, draw(st.floats(0.5, 1.5)), parent=kept, standing="provisional")
        if verdict == "keep":
            kept = name
            facts += draw(st.sampled_from([[], *audits(number, name)]))
    return facts + draw(st.sampled_from(ENDS))


def audits(trial: int, head: str) -> list[list[Fact]]:
    """The ways in which a test of a keep can end."""
    begin = [TrialStarted(trial, "audit", head, "e0", [head], {"limit": 8}), *ran(head, 2, 0.9, use="audit")]
    held = [TrialEnded(trial, "held", 4, 0.1, 0.05, 0.15), StandingChanged([head], "supported", "held", trial)]
    failed = [TrialEnded(trial, "failed", 4, -0.1), Restored("e0", [head], "r" * 40)]
    return [begin, [*begin, *held, Claimed(1, head, 0.9, 0.1, 0.05, 0.15)], [*begin, *failed]]


BETWEEN: list[list[Fact]] = [
    [],
    [CommandTaken(5, "hint", {"text": "wider"}, "a@b:1", 1.0, "given as k1"), HintGiven("k1", "wider", "a@b:1")],
    [Paused("a"), Resumed("a")],
    [BudgetsChanged(Budgets(usd=3.0), "a"), AutonomyChanged("review", "a")],
    [WaitingBegan("disk", "no space"), WaitingEnded("disk")],
    [Noticed("something"), Spent(0.5, 1200, "model", "e1"), ProgramChanged("q" * 64, "d" * 64, False)],
    [EngineStarted(8, 2, "boot", "host", "0.1", "none")],
]
ENDS: list[list[Fact]] = [
    [],
    [CampaignEnded("finished", "9 experiments done"), EngineStopped("done")],
    [StopAsked("a"), CampaignEnded("stopped", "stopped by its person"), EngineStopped("stopped")],
    [CampaignEnded("stopped", "setup failed", 4), EngineStopped("x"), CampaignReopened("resumed")],
    [EngineStopped("told to go by SIGTERM")],
]  # fmt: skip
sequences = arbitrary | plausible()


def events(facts: Sequence[Fact], *, first: int = 1, at: float = 1000.0, step: float = 1.0) -> list[Event]:
    """The facts with their places: one a `step` of seconds from `at` on."""
    return [Event(first + i, at + i * step, fact) for i, fact in enumerate(facts)]
