"""Measure the kernel: is it right, and how much faster than the plain way? Prints `speedup: ...` last, or why not.

The kernel and the reference run in child processes of their own. The clock is the evaluator's, around a request and
its answer, so nothing that a kernel does to its own clock counts. Every request has inputs that were drawn for it
alone, from the system's randomness: an answer that was kept is a wrong answer. Every answer is compared, the timed
ones, too, and what is timed is mixed: ordinary and awkward inputs in an order that is drawn.

Reference and kernel take turns, and the metric is the median of the ratios of neighbours: what slows the machine for
longer than one turn slows both. The kernel is stopped while the reference has its turn, has one core (its processor
time must not exceed the clock's), and may start no process: it could otherwise gain by slowing the other.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

import numpy as np  # noqa: E402 (numpy reads the number of threads when it is imported)
from child import Child, Refused, guard  # noqa: E402
from inputs import HOLDOUT, KINDS, LARGEST, SHAPES, TIMED, draw  # noqa: E402
from reference import attention as plain  # noqa: E402

LEAF = Path(__file__).resolve().parent
SECONDS = 120.0  # for each child, all in all; a first call may compile
WARM_UP = 2  # calls that are not timed
ROUNDS = 40  # timed calls of each
HOLDOUT_ROUNDS = 20
AWKWARD = 0.25  # of the timed rounds
SLACK = 8.0  # how many times the error of plain float32 a kernel may make
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
CORES, GRACE_S = 1.15, 0.1  # processor seconds per second of the clock, and what the system's counting may add

Array = np.ndarray[Any, Any]
Shape = tuple[int, int, int]
Inputs = tuple[Array, Array, Array]


class Runner:
    """One implementation in its process. Arrays go through memory that both see: pipes would take half of the time."""

    def __init__(self, module: str) -> None:
        self.name = module
        with tempfile.NamedTemporaryFile(dir=os.environ.get("PRAXTUI_SCRATCH") or None) as file:
            file.truncate(LARGEST)
            shared = mmap.mmap(file.fileno(), LARGEST)
            self.child = Child(LEAF / "serve.py", [str(LEAF), module, file.name], SECONDS)
            self.child.answer(8)  # it has opened the file
        self.floats = np.frombuffer(shared, dtype="<f4")
        self.seconds: list[float] = []
        self.waited = 0.0

    def answer(self, inputs: Inputs, *, timed: bool = False) -> Array:
        """What it makes of the inputs, [heads, length, width]."""
        shape, size = inputs[0].shape, inputs[0].size
        began = time.perf_counter()
        for number, array in enumerate(inputs):
            self.floats[number * size : (number + 1) * size] = array.ravel()
        self.child.ask(np.array(shape, dtype="<i4").tobytes(), 8)
        answer = self.floats[3 * size : 4 * size].reshape(shape).copy()
        took = time.perf_counter() - began
        self.waited += took
        if timed:
            self.seconds.append(took)
        return answer

    def used(self) -> float:
        """Processor seconds of its threads and of processes of its that ended."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def send(self, number: signal.Signals) -> None:
        """Stop it, or let it go on; returns once a stopped one stands still."""
        os.kill(self.pid, number)
        deadline = time.monotonic() + 5
        while number == signal.SIGSTOP and self.running() and time.monotonic() < deadline:
            time.sleep(0.0001)

    def running(self) -> bool:
        """Whether any of its threads is not stopped."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return any((task / "stat").read_text().rpartition(")")[2].split()[0] != "T" for task in tasks)

    def scheduling(self) -> tuple[object, ...]:
        """What another process of the same user could have changed to slow it."""
        pid = self.pid
        return os.sched_getaffinity(pid), os.getpriority(os.PRIO_PROCESS, pid), os.sched_getscheduler(pid)

    @property
    def pid(self) -> int:
        return self.child.process.pid


def gather_orphans() -> None:
    """Make processes whose parents have ended children of this one, so that all can be counted."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def below(pid: int) -> set[int]:
    """Every process that `pid` or one of its own has started."""
    parents: dict[int, int] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended since
    found = {pid}
    while grown := {child for child, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {pid}


def worst(found: Array, exact: Array) -> float:
    """The largest distance between two answers; infinite where the found one holds what is no number."""
    distance = np.abs(found.astype(np.float64) - exact)
    return float(distance.max(initial=0.0)) if np.isfinite(distance).all() else float("inf")


def check(found: Array, inputs: Inputs, what: str, single: Array | None = None) -> None:
    """Raise Refused where an answer is further from the exact one than plain float32 times SLACK. `single`: what the
    reference answered, where that is known."""
    exact = plain(*(array.astype(np.float64) for array in inputs))
    allowed = SLACK * worst(plain(*inputs) if single is None else single, exact) + 2e-6 * float(
        np.abs(inputs[2]).max(initial=0.0)
    )
    off = worst(found, exact)
    if not off <= allowed:
        raise Refused(f"wrong by {off:.3g} on {what}; {allowed:.3g} is allowed")


def correctness(kernel: Runner, rng: np.random.Generator) -> int:
    """Ask for every awkward shape and kind; the number of cases. Raises Refused."""
    cases = [(shape, kind) for shape in SHAPES for kind in KINDS]
    rng.shuffle(cases)
    for shape, kind in cases:
        inputs = draw(rng, shape, kind)
        check(kernel.answer(inputs), inputs, f"{kind} inputs of {shape[0]} x {shape[1]} x {shape[2]}")
    return len(cases)


def ratios(reference: Runner, kernel: Runner, rng: np.random.Generator, shape: Shape, rounds: int) -> Array:
    """Seconds of the reference over those of the kernel, [rounds], each pair on inputs of its own."""
    for _ in range(WARM_UP):
        inputs = draw(rng, shape, "ordinary")
        for runner in (reference, kernel):
            runner.answer(inputs)
    reference.seconds, kernel.seconds = [], []
    scheduling = reference.scheduling()
    kinds = np.where(rng.random(rounds) < AWKWARD, rng.choice(list(KINDS), rounds), "ordinary")
    for number, kind in enumerate(kinds):
        inputs = draw(rng, shape, str(kind))
        if number % 2:
            answer = kernel.answer(inputs, timed=True)
            single = undisturbed(reference, kernel, inputs)
        else:
            single = undisturbed(reference, kernel, inputs)
            answer = kernel.answer(inputs, timed=True)
        check(answer, inputs, f"{kind} inputs while it was timed", single)
        if below(os.getpid()) != {reference.pid, kernel.pid}:
            raise Refused("the kernel has started a process; it has one core and one process")
        if reference.scheduling() != scheduling:
            raise Refused("the kernel has changed how the reference is scheduled")
    return np.array(reference.seconds) / np.array(kernel.seconds)


def undisturbed(reference: Runner, kernel: Runner, inputs: Inputs) -> Array:
    """The reference's answer, timed while the kernel stands still."""
    kernel.send(signal.SIGSTOP)
    reference.send(signal.SIGCONT)
    try:
        return reference.answer(inputs, timed=True)
    finally:
        kernel.send(signal.SIGCONT)


def one_core(kernel: Runner, used: float, waited: float) -> None:
    """Raise Refused where the kernel has had more than one core since it had used and been waited for so long."""
    busy, clock = kernel.used() - used, kernel.waited - waited
    if busy > CORES * clock + GRACE_S:
        raise Refused(f"the kernel used {busy / clock:.1f} cores; one is allowed")


def measure() -> dict[str, float]:
    """Every number that is printed, the metric last."""
    rng = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
    runners = reference, kernel = Runner("reference"), Runner("kernel")
    try:
        found: dict[str, float] = {"cases": correctness(kernel, rng)}
        used, waited = kernel.used(), kernel.waited
        pairs = ratios(reference, kernel, rng, TIMED, ROUNDS)
        found["reference_ms"] = 1e3 * float(np.median(reference.seconds))
        found["kernel_ms"] = 1e3 * float(np.median(kernel.seconds))
        low, high = np.quantile(pairs, [0.25, 0.75])
        found["spread"] = float(high - low)
        if os.environ.get("PRAXTUI_HOLDOUT") == "1":
            found["holdout_speedup"] = float(np.median(ratios(reference, kernel, rng, HOLDOUT, HOLDOUT_ROUNDS)))
        one_core(kernel, used, waited)
        found["speedup"] = float(np.median(pairs))
        return found
    finally:
        for runner in runners:
            runner.child.close()


def main() -> None:
    guard()
    gather_orphans()
    began = time.monotonic()
    try:
        found = measure()
    except Refused as reason:
        sys.exit(f"evaluate.py: {reason}")
    print(f"evaluation_seconds: {time.monotonic() - began:.2f}")
    for name, value in found.items():
        print(f"{name}: {value:.5g}")


if __name__ == "__main__":
    main()
