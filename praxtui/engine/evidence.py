"""Fresh evidence: paired runs of head and base as the judge asks for them, and what follows when a test is decided."""

from __future__ import annotations

import logging

import msgspec

from praxtui.engine import budget
from praxtui.engine.book import book_of, pair_runs
from praxtui.engine.branch import Branch
from praxtui.engine.campaign import Campaign
from praxtui.engine.judge.book import head_of, noise_of, open_test
from praxtui.engine.judge.decide import Pair, Settle, best_of, claimed_gain, has_reached, next_step
from praxtui.engine.runner import Runner
from praxtui.journal.facts import Claimed, Fact, NoiseMeasured, StandingChanged, TargetMet, TrialEnded, TrialStarted
from praxtui.journal.state import State, Trial

log = logging.getLogger(__name__)


class Evidence:
    """Drives audits, confirmations and strict tests; each step is taken from the record alone."""

    def __init__(self, campaign: Campaign, runner: Runner, branch: Branch) -> None:
        self._campaign = campaign
        self._runner = runner
        self._branch = branch

    async def gather(self, *, at_end: bool = False) -> None:
        """Make the fresh runs that are due now, until none is, or a person stops or pauses the campaign."""
        while not self._held_up():
            state = self._campaign.state
            left = budget.runs_left(state, self._campaign.program)
            step = next_step(book_of(state), at_end=at_end, runs_left=left)
            if step is None:
                return
            if isinstance(step, Settle):
                await self.settle(step)
            else:
                await self.pair(step)

    async def test(self, pair: Pair) -> bool | None:
        """A strict candidate's test, to its end: whether it passed; None when the campaign was held up before."""
        while not self._held_up():
            book = book_of(self._campaign.state)
            step = next_step(book) if open_test(book) is not None else pair
            if isinstance(step, Settle):
                await self.settle(step)
                return step.kept
            if step is None:
                return None
            await self.pair(step)
        return None

    def _held_up(self) -> bool:
        state = self._campaign.state
        return bool(state.stop or state.paused or state.ended)

    async def pair(self, pair: Pair) -> None:
        """Run what is missing of one pair, on one fresh seed."""
        record = self._campaign.record
        if pair.opens:
            # Stated before its first run, and followed to its end whatever the runs show.
            stated = msgspec.to_builtins(pair.plan)
            number = len(record.state.trials) + 1
            record.write(TrialStarted(number, pair.kind, pair.head, pair.base, list(pair.members), stated))
        trial = record.state.trials[-1]
        number, seed = _place(record.state, trial)
        order = (pair.head, pair.base) if pair.first == "head" else (pair.base, pair.head)
        for experiment in order:
            if number not in pair_runs(record.state, trial, experiment):
                if self._held_up():
                    return
                await self._runner.run(experiment, "audit", seed, trial=trial.number, pair=number)

    async def settle(self, settle: Settle) -> None:
        """Record a decided test with all that follows from it, and restore the branch where it failed."""
        record, outcome = self._campaign.record, settle.outcome
        trial = record.state.trials[-1]
        facts: list[Fact] = [
            TrialEnded(
                trial.number, outcome.verdict, outcome.pairs, outcome.gain, outcome.low, outcome.high, outcome.reason
            )
        ]
        for standing in ("supported", "confirmed"):
            names = [name for name, found in settle.standings.items() if found == standing]
            if names and settle.kept is None:
                facts.append(StandingChanged(names, standing, outcome.reason, trial.number))
        record.write(*facts)
        if settle.restore is not None:
            await self._branch.restore(settle.restore, outcome.reason)
        self.publish()

    def publish(self) -> None:
        """Record the noise, the claim and a reached target, where they changed."""
        record = self._campaign.record
        state, epoch = record.state, self._campaign.epoch
        if epoch.deterministic:
            if has_reached(book_of(state)) and not state.target_met:
                value = epoch.sign * book_of(state).branch[-1].bar if book_of(state).branch else 0.0
                record.write(TargetMet(state.head or "e0", value))
            return
        book = book_of(state)
        noise = noise_of(book)
        facts: list[Fact] = []
        if noise.sd is not None and (noise.sd, int(noise.dof)) != (epoch.noise_sd, epoch.noise_dof):
            runs = sum(len(e.measured("baseline", "audit", epoch=epoch.number)) for e in state.experiments.values())
            facts.append(NoiseMeasured(epoch.number, noise.sd, int(noise.dof), runs))
        head, best, claim = head_of(book), best_of(book), claimed_gain(book)
        if best is not None:
            fact = Claimed(
                epoch.number, head, epoch.sign * best.value,
                *((claim.value, claim.low, claim.high) if claim else (None, None, None)),
            )  # fmt: skip
            known = state.claim
            if known is None or (known.experiment, known.best, known.value) != (head, fact.best, fact.value):
                facts.append(fact)
        if has_reached(book) and not state.target_met and best is not None:
            facts.append(TargetMet(head, epoch.sign * best.value))
        if facts:
            record.write(*facts)


def _place(state: State, trial: Trial) -> tuple[int, int]:
    """The number and seed of the pair to be made now: one that is half made, else the next, on an unused seed."""
    heads, bases = pair_runs(state, trial, trial.head), pair_runs(state, trial, trial.base)
    for number in sorted(set(heads) ^ set(bases)):
        half = heads.get(number) or bases[number]
        return number, half.seed
    last = max([*heads, *bases], default=0)
    used = (run.seed for e in state.experiments.values() for run in e.runs)
    return last + 1, max(used, default=state.seed) + 1
