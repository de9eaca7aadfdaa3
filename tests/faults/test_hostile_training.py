"""Trainings that will not go, will not stay where they were put, and eat what there is: each is its own loss alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from praxtui.journal import packed
from praxtui.journal.state import Experiment, State
from tests.faults.conftest import Begin
from tests.faults.invariants import check
from tests.faults.scene import Scene

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

FORKS = """\
for _ in range(500):
    if os.fork() == 0:
        time.sleep(600)
"""
ESCAPES = """\
import signal
if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""
FLOODS = """\
for n in range(60000):
    print(f"step: {n} | loss: 3.{n:05d} " + 40 * "x")
"""
HANGS = """\
print("score: 999", flush=True)
time.sleep(600)
"""
STUBBORN = """\
import signal
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        while True:
            time.sleep(1)
time.sleep(600)
"""
TOO_LITTLE = """\
import resource
resource.setrlimit(resource.RLIMIT_AS, (200_000_000, 200_000_000))
hoard = bytearray(500_000_000)
"""


def only(experiment: str, code: str) -> str:
    """Code that one experiment alone runs, whatever it changes."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    return f'if os.environ["PRAXTUI_EXPERIMENT"] == "{experiment}":\n{lines}'


def others_went_well(state: State, bad: str) -> Experiment:
    """The experiment that misbehaved; every other one has its verdict from a run that ended well."""
    for e in state.children():
        if e.id != bad:
            assert e.verdict in ("keep", "discard"), f"{e.id}: {e.reason}"
            assert len([run for run in e.runs if run.use == "select"]) <= 2  # two where the first was too good
    return state.experiments[bad]


def play(scene: Scene) -> State:
    scene.start()
    scene.finish()
    return check(scene)


@pytest.mark.parametrize(("code", "why"), [(FORKS, "forks"), (ESCAPES, "escapes")], ids=["500 children", "a daemon"])
def test_what_a_training_leaves_running_is_ended(begin: Begin, code: str, why: str) -> None:
    scene = begin(experiments=2, extra=only("e1", code))
    # Its own run ended well: what it left behind it is nobody's result.
    assert others_went_well(play(scene), "e1").verdict in ("keep", "discard")


def test_a_log_is_held_to_its_cap(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_LOG_CAP", "256KiB")
    # Half a second more, so that the shim looks at it while it grows.
    scene = begin(experiments=2, extra=only("e1", FLOODS + "time.sleep(0.5)\n"))
    assert others_went_well(play(scene), "e1").verdict in ("keep", "discard")
    log = scene.folder / "runs" / "e1" / "1" / "run.log"
    assert packed.size(log) <= 300_000
    with packed.opened(log) as file:
        text = file.read().decode()
    assert text.startswith("step: 1 | loss: 3.2\n")
    assert text.endswith("trained to the end\n")


@pytest.mark.slow
@pytest.mark.parametrize("code", [HANGS, STUBBORN], ids=["prints the metric and hangs", "ignores TERM"])
def test_what_does_not_end_is_ended(begin: Begin, code: str) -> None:
    scene = begin(experiments=2, extra=only("e1", code), timeout="4s")
    e = others_went_well(play(scene), "e1")
    assert e.verdict == "crash"
    assert (e.reason or "").startswith("timeout: not done after 4")
    assert all(run.metric is None for run in e.runs)


@pytest.mark.slow
def test_no_memory_is_a_crash_of_that_experiment(begin: Begin) -> None:
    scene = begin(experiments=2, extra=only("e1", TOO_LITTLE))
    e = others_went_well(play(scene), "e1")
    assert e.verdict == "crash" and "MemoryError" in (e.reason or "")


class Cell:
    """A memory cgroup of 64 MB, made for one test."""

    def __init__(self) -> None:
        name = f"praxtui-test-{secrets.token_hex(4)}"
        old, new = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
        one = old.is_dir()
        if not one and "memory" not in self._read(new / "cgroup.subtree_control"):
            pytest.skip("no memory cgroup can be made here")
        self.folder = (old if one else new) / name
        try:
            self.folder.mkdir()
        except OSError as error:
            pytest.skip(f"no memory cgroup can be made here: {error.strerror}")
        (self.folder / ("memory.limit_in_bytes" if one else "memory.max")).write_text("64000000")
        swap = self.folder / ("memory.memsw.limit_in_bytes" if one else "memory.swap.max")
        if swap.exists():
            swap.write_text("64000000" if one else "0")

    @staticmethod
    def _read(path: Path) -> str:
        try:
            return path.read_text()
        except OSError:
            return ""


@pytest.fixture
def cell() -> Iterator[Cell]:
    made = Cell()
    yield made
    made.folder.rmdir()


def test_a_training_that_the_kernel_kills_for_its_memory_is_a_crash(begin: Begin, cell: Cell) -> None:
    code = f'open("{cell.folder}/cgroup.procs", "w").write(str(os.getpid()))\nhoard = b"x" * 500_000_000\n'
    scene = begin(experiments=2, extra=only("e1", code))
    e = others_went_well(play(scene), "e1")
    assert e.verdict == "crash" and "signal 9" in (e.reason or "")
    assert [(run.why, run.exit) for run in e.runs if run.use == "select"] == [("exit", -9)]
