"""A desk over a folder, and the brief that goes with it: what the engine lends, without an engine.

It reads real files, refuses what the engine refuses, and remembers everything that was recorded at it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from praxtui.program import globs
from praxtui.program.spec import Levers, Loop, Metric, Program
from praxtui.research.protocol import Brief, Draft, GivenUp, Hint, Incumbent, NotAllowed, Tried, Usage

TRAIN = '''"""A training script."""

import math

# rates first
LR = 3e-3
BATCH = 64
WIDTH = 128
DEPTH = 5


def schedule(step: int, steps: int) -> float:
    """The learning rate at a step."""
    if step < 100:
        return LR * step / 100
    return LR * 0.5 * (1 + math.cos(math.pi * step / steps))


if __name__ == "__main__":
    for step in range(1000):
        print(f"step: {step} | lr: {schedule(step, 1000)}")
'''
EVALUATE = '''"""The sealed evaluator."""

print("loss: 1.25")
'''
PROGRAM = "---\nmetric:\n  name: loss\n---\nMake it better.\n"
LEAF: Mapping[str, str | bytes] = {"train.py": TRAIN, "evaluate.py": EVALUATE, "program.md": PROGRAM}
REFUSALS = 3


class FolderDesk:
    """The desk of one experiment on the leaf `root/leaf`; what its runs printed is in `root/runs/<experiment>/<n>/`.

    `faults` are raised by the next calls of `check` and `submit`, in turn, instead of what those would do. `left_usd`
    and `left_tokens` go down as calls are booked.
    """

    def __init__(
        self,
        root: Path,
        files: Mapping[str, str | bytes] = LEAF,
        *,
        levers: Sequence[str] = ("train.py",),
        new: Sequence[str] = (),
        usd: float | None = None,
        tokens: int | None = None,
    ) -> None:
        self.leaf, self.runs = root / "leaf", root / "runs"
        for path, content in files.items():
            at = self.leaf / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        self.levers, self.new = tuple(levers), tuple(new)
        self.left_usd, self.left_tokens = usd, tokens
        self.items: list[tuple[str, str]] = []
        self.prompts: list[tuple[str, ...]] = []
        self.stated: list[tuple[str, str, str, tuple[str, ...]]] = []
        self.checked: list[Draft] = []
        self.submitted: list[Draft] = []
        self.refused: list[str] = []
        self.spent: list[tuple[str, Usage]] = []
        self.waits: dict[str, str] = {}
        self.waits_seen: list[tuple[str, str]] = []
        self.given: list[Hint] = []
        self.diffs: dict[str, str] = {}
        self.faults: list[Exception] = []

    def brief(self, number: int = 5, **known: Any) -> Brief:
        """The brief for `e<number>`: levers as the folder has them, e0 as incumbent, no record but what is given."""
        levers = {path: self._text(path) for path in globs.expand(self.leaf, self.levers)}
        program = Program(
            metric=Metric("loss"),
            levers=Levers(edit=self.levers, new=self.new),
            loop=Loop(run="python train.py", evaluate="python evaluate.py"),
            prose="Make it better.\n",
        )
        given: dict[str, Any] = {
            "campaign": "c",
            "experiment": f"e{number}",
            "epoch": 1,
            "seed": 0,
            "program": program,
            "incumbent": Incumbent(id="e0", commit="0" * 40, levers=levers, metric=1.25),
            "noise_sd": 0.01,
            "hints": tuple(self.given),
        }
        return Brief(**{**given, **known})

    def ran(self, experiment: str, n: int, log: str | bytes) -> None:
        """A run of an experiment that printed `log`."""
        at = self.runs / experiment / str(n)
        at.mkdir(parents=True, exist_ok=True)
        (at / "run.log").write_bytes(log if isinstance(log, bytes) else log.encode())

    def said(self, kind: str) -> str:
        """Everything that was streamed of one kind, joined."""
        return "".join(text for each, text in self.items if each == kind)

    # --- what a researcher sees ---------------------------------------------------------------------------------------

    def files(self) -> tuple[str, ...]:
        found = (path.relative_to(self.leaf).as_posix() for path in self.leaf.rglob("*") if path.is_file())
        return tuple(sorted(found))

    async def read(self, path: str) -> str:
        if path not in self.files():
            raise NotAllowed(f"there is no file {path!r} that may be read")
        if b"\0" in (self.leaf / path).read_bytes():
            raise NotAllowed(f"{path} is no text")
        return self._text(path)

    def _text(self, path: str) -> str:
        return (self.leaf / path).read_bytes().decode("utf-8", "surrogateescape")

    async def diff(self, experiment: str) -> str:
        if experiment not in self.diffs:
            raise NotAllowed(f"there is no experiment {experiment!r} with a change")
        return self.diffs[experiment]

    def logs(self, experiment: str, run: int | None) -> list[Path]:
        found = {int(at.name): at for at in (self.runs / experiment).glob("*")}
        n = max(found, default=None) if run is None else run
        if n not in found:
            raise NotAllowed(f"{experiment} has no run {run} that may be read")
        return [found[n] / "run.log"]

    async def check(self, draft: Draft) -> str:
        self._fault()
        self.checked.append(draft)
        if not draft.files:
            raise NotAllowed("the draft changes no file")
        for path, text in draft.files.items():
            if not globs.matches_any((*self.levers, *self.new), path):
                raise NotAllowed(f"{path} is no lever")
            if text is not None and path.endswith(".py"):
                self._parses(path, text)
        return "the rules hold, it parses, and nothing equal was tried"

    @staticmethod
    def _parses(path: str, text: str) -> None:
        try:
            compile(text.encode("utf-8", "surrogateescape"), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise NotAllowed(f"{path} does not parse: {error}") from error

    def _fault(self) -> None:
        if self.faults:
            raise self.faults.pop(0)

    def state(self, title: str, mechanism: str, predicted: str, hints: tuple[str, ...]) -> None:
        self.stated.append((title, mechanism, predicted, hints))

    async def submit(self, draft: Draft) -> None:
        try:
            await self.check(draft)
        except NotAllowed as refused:
            self.refused.append(refused.reason)
            if len(self.refused) >= REFUSALS:
                raise GivenUp(f"refused {REFUSALS} times: {refused.reason}") from refused
            raise
        for path, text in draft.files.items():
            before = self._text(path) if (self.leaf / path).exists() else ""
            lines = difflib.unified_diff(before.splitlines(), (text or "").splitlines(), path, path, lineterm="")
            self.diffs["submitted"] = "\n".join([*self.diffs.get("submitted", "").splitlines(), *lines])
        self.submitted.append(draft)

    # --- recording, spending, waiting ---------------------------------------------------------------------------------

    def stream(self, kind: str, text: str) -> None:
        self.items.append((kind, text))

    def prompt(self, parts: Sequence[str]) -> None:
        self.prompts.append(tuple(parts))
        self.stream("prompt", str(len(self.prompts)))

    def hints(self) -> tuple[Hint, ...]:
        return tuple(self.given)

    def left(self) -> tuple[float | None, int | None]:
        return self.left_usd, self.left_tokens

    def spend(self, usage: Usage, what: str) -> None:
        self.spent.append((what, usage))
        if self.left_usd is not None:
            self.left_usd -= usage.usd or 0.0
        if self.left_tokens is not None:
            self.left_tokens -= usage.prompt + usage.output

    def waiting(self, cause: str, reason: str) -> None:
        self.waits[cause] = reason
        self.waits_seen.append((cause, reason))

    def waited(self, cause: str) -> None:
        self.waits.pop(cause, None)


def tried(number: int, title: str, delta: float | None = None, **more: Any) -> Tried:
    """A judged experiment of the campaign: kept where `delta` is positive, noise 0.01."""
    judged = "keep" if delta is not None and delta > 0 else "discard"
    given: dict[str, Any] = {"campaign": None, "by": "llm", "mechanism": f"because of {title}", "verdict": judged}
    sd = None if delta is None else delta / 0.01
    return Tried(id=f"e{number}", title=title, delta=delta, delta_sd=sd, **{**given, **more})
