"""The place `local`: runs on this machine, each under a shim that outlives the engine.

A run is found again by its folder alone: `spec.json` (what was asked), `shim.json` (who stands over it), `child.json`
(its present stage), `exit.json` (how it ended). A later engine asks, in this order: `adopt`, `read_exit`, `lost`: while
the shim lives, a result can only be one that the run itself has put there.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import signal
import stat
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from praxtui import paths
from praxtui.errors import CampaignFault, DiskFull
from praxtui.runs import identity, proc, spec
from praxtui.runs.identity import Identity
from praxtui.runs.spec import Exit, Spec

SHIM = Path(__file__).with_name("shim.py")
START_DEADLINE = 30.0  # seconds for a shim to answer; it takes 30 ms on an idle machine
OVERDUE = 60.0  # seconds past deadline and grace after which a shim is taken for stopped or stuck
KILL_DEADLINE = 10.0  # seconds for what is left of a lost run to die
POLL = 0.05  # seconds between looks where the kernel has no pidfd


class _Child(msgspec.Struct, frozen=True):
    pid: int
    start: int
    boot: str
    sid: int


class _Shim(Identity, frozen=True):
    monotonic: float | None = None  # when it came up, by the clock that nobody can set; one for the whole boot


class RunHandle:
    """A run that is under way, started by this process (`own`, which has to collect its shim) or adopted."""

    def __init__(self, run_dir: Path, who: Identity, asked: Spec, *, own: bool = False) -> None:
        self.run_dir = run_dir
        self.identity = who
        self.asked = asked
        self._own = own
        self._code: int | None = None
        self._folder = _place_of(run_dir)

    async def wait(self) -> Exit:
        """How the run ended, once it has. Cancelling this leaves the run alone.

        A shim that is long past its deadline (somebody stopped it with SIGSTOP, say) is killed, and its run is lost.
        """
        limit = None
        if self.asked.timeout_s is not None:
            limit = max(0.0, self.asked.timeout_s + self.asked.grace_s + OVERDUE - _age(self.run_dir))
        try:
            await asyncio.wait_for(self._gone(), limit)
        except TimeoutError:
            identity.send(self.identity, signal.SIGCONT)
            try:
                await asyncio.wait_for(self._gone(), OVERDUE)
            except TimeoutError:
                identity.send(self.identity, signal.SIGKILL)
                await self._gone()
        return self.end()

    def end(self) -> Exit:
        """How the run ended; if it has not, it is ended now and lost.

        A result is believed only where the shim can have written it: one that was killed has not, and one that ended
        well has written into the folder that it began in. Raises CampaignFault or DiskFull.
        """
        there = identity.alive(self.identity)
        moved = _place_of(self.run_dir) != self._folder
        if not there and not moved and self._collected() in (None, 0):
            known = read_exit(self.run_dir)
            if known is not None:
                return known
        with contextlib.suppress(OSError):
            (self.run_dir / "exit.json").rename(self.run_dir / f"exit.json.found-{time.time_ns()}")
        result = lost(self.run_dir, self, "its folder was moved or deleted while it ran" if moved else None)
        self._collected()
        return result

    def _collected(self) -> int | None:
        """The exit code of a shim that is gone, negative for a signal; None where this process cannot know it."""
        if self._own and self._code is None and not identity.alive(self.identity):
            self._code = _reap(self.identity.pid)
        return self._code

    def stop(self, now: bool = False) -> bool:
        """End the run: TERM, the grace, KILL; `now` waives the grace. False when it was over already."""
        ask_to_stop(self.run_dir, now)
        return identity.send(self.identity, signal.SIGTERM)

    async def _gone(self) -> None:
        """Return when the shim is no longer there, whether or not it is this process's child."""
        try:
            handle = os.pidfd_open(self.identity.pid)
        except ProcessLookupError:
            return
        except (OSError, AttributeError):
            while identity.alive(self.identity):
                await asyncio.sleep(POLL)
            return
        # A zombie's pidfd is readable at once; another process under the same pid is not ours to wait for.
        if not identity.alive(self.identity):
            os.close(handle)
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(handle, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)


class LocalPlace:
    """Runs on this machine."""

    name = "local"

    def start(self, run_dir: Path, asked: Spec, env: Mapping[str, str]) -> RunHandle:
        """Start a run in the existing, unused folder `run_dir`; returns when its shim answers (blocks some 30 ms).

        `env` is the shim's whole environment: secrets travel in it and nowhere else. Raises CampaignFault when the
        folder cannot be written or the shim does not come up (DiskFull where that is why; `lost` then closes the run);
        FileExistsError for a folder that has been used.
        """
        for name in ("spec.json", "shim.json", "exit.json"):
            if (run_dir / name).exists():
                raise FileExistsError(f"{run_dir} already holds {name}")
        try:
            # A run that loses its power is lost whatever its folder says; only its result has to outlast that.
            spec.write(run_dir / "spec.json", asked, durable=False)
            pid, answer = _spawn(run_dir, env)
        except OSError as error:
            raise _unwritten(f"cannot start a run in {run_dir}", run_dir, error) from error
        answered = _ended(answer)
        who = spec.read(run_dir / "shim.json", Identity)
        if not answered or who is None or who.pid != pid:
            # The file holds should the shim come up after all, between here and the kill.
            ask_to_stop(run_dir, now=True)
            os.kill(pid, signal.SIGKILL)
            _reap(pid)
            if not paths.has_room(run_dir):
                raise DiskFull(f"the shim of {run_dir} did not start: the disk is full")
            said = (run_dir / "shim.log").read_text(errors="replace").strip()
            raise CampaignFault(f"the shim of {run_dir} did not start: {said.rpartition(chr(10))[2] or 'no answer'}")
        return RunHandle(run_dir, who, asked, own=True)

    def adopt(self, run_dir: Path) -> RunHandle | None:
        """The run in `run_dir` if its shim is alive, whoever started it; else None."""
        who = spec.read(run_dir / "shim.json", Identity)
        asked = spec.read(run_dir / "spec.json", Spec)
        if who is None or asked is None or not identity.alive(who):
            return None
        return RunHandle(run_dir, who, asked)


def read_exit(run_dir: Path) -> Exit | None:
    """How the run in `run_dir` ended; None while that is not known."""
    return spec.read(run_dir / "exit.json", Exit)


def lost(run_dir: Path, handle: RunHandle | None = None, cause: str | None = None) -> Exit:
    """The end of a run whose shim cannot say it: killed, or gone with the machine. What is left of it is killed.
    `handle`: what is known of the run whatever its folder says; `cause`: why it was lost, where that is known.

    `why` is `lost`, or `not started` where there never was a shim, or none that got as far as to say so. Leftovers are
    known by its session and by PRAXTUI_RUN in its environment; a process that shed both, and whose shim was killed,
    is beyond reach. The result is written, so that asking again gives the same answer.
    """
    try:
        paths.make(run_dir)
    except OSError as error:
        raise _unwritten(f"cannot make {run_dir} again", run_dir, error) from error
    # First the file, then the look: a shim that is only now coming up will find it before it starts anything.
    ask_to_stop(run_dir, now=True)
    who = handle.identity if handle is not None else spec.read(run_dir / "shim.json", Identity)
    if who is not None and identity.send(who, signal.SIGKILL):
        _wait_until(lambda: not identity.alive(who))
    known = read_exit(run_dir)
    if known is not None:
        return known
    asked = handle.asked if handle is not None else spec.read(run_dir / "spec.json", Spec)
    killed = kill_leftovers(run_dir, asked)
    began = _began(run_dir) or (time.time() if handle is not None else None)
    result = _loss(run_dir, who, began, cause, f" ({killed} leftover processes killed)" if killed else "")
    if asked is not None and asked.timeout_s is not None:
        # A date that was set meanwhile must not make a lost run the longest and dearest of all.
        result = msgspec.structs.replace(result, seconds=min(result.seconds, asked.timeout_s + asked.grace_s))
    try:
        spec.write(run_dir / "exit.json", result)
    except OSError as error:
        raise _unwritten(f"cannot write {run_dir / 'exit.json'}", run_dir, error) from error
    return result


def _loss(run_dir: Path, who: Identity | None, began: float | None, cause: str | None, left: str) -> Exit:
    if who is None or began is None:
        now = time.time()
        message = "nobody saw it start" + left
        return Exit(why="not started", message=message, started=now, ended=now, boot=proc.boot_id())
    if cause is None:
        rebooted = who.boot != proc.boot_id()
        cause = "the machine was restarted" if rebooted else "the shim was killed before it could write the result"
    # Nobody saw the end: the last that it is known to have done is what it printed.
    ended = max([began, *(path.stat().st_mtime for path in run_dir.glob("*.log"))])
    seconds = round(ended - began, 3)
    return Exit(why="lost", message=cause + left, started=began, ended=ended, seconds=seconds, boot=proc.boot_id())


def _unwritten(what: str, folder: Path, error: OSError) -> CampaignFault:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return (DiskFull if full else CampaignFault)(f"{what}: {error.strerror or error}")


def ask_to_stop(run_dir: Path, now: bool = False) -> None:
    """Leave the file `stop`: the shim, present or still to come, ends the run when it sees it, within 0.1 s."""
    try:
        with open(run_dir / "stop", "w", opener=paths.private) as file:
            file.write("now\n" if now else "stop\n")
    except OSError:
        # On a full disk an empty file may still be possible, and is enough.
        with contextlib.suppress(OSError):
            (run_dir / "stop").touch()


def kill_leftovers(run_dir: Path, asked: Spec | None) -> int:
    """Kill what a run without a shim left running; the number of processes. `asked`: its spec, None if unknown."""
    child = spec.read(run_dir / "child.json", _Child)
    if child is not None and child.boot != proc.boot_id():
        child = None
    marker = f"PRAXTUI_RUN={asked.token}".encode() if asked is not None else b""
    killed: set[tuple[int, int]] = set()
    deadline = time.monotonic() + KILL_DEADLINE
    while time.monotonic() < deadline:
        left = _leftovers(child, marker)
        if not left:
            break
        killed.update((process.pid, process.start) for process in left)
        proc.send_all(left, signal.SIGKILL)
        time.sleep(0.005)
    return len(killed)


def _leftovers(child: _Child | None, marker: bytes) -> list[proc.Stat]:
    present = [process for process in proc.everyone() if process.state not in proc.DEAD]
    session = child
    for process in present:
        # The number of a session is that of its leader; another leader under it means another session.
        if child is not None and process.pid == child.sid and process.start != child.start:
            session = None
    return [
        process
        for process in present
        if (session is not None and process.sid == session.sid and process.start >= session.start)
        or (marker and proc.has_marker(process.pid, marker))
    ]


def _age(run_dir: Path) -> float:
    """Seconds since the shim came up, whatever happened to the machine's date; 0 where that is not known."""
    shim = spec.read(run_dir / "shim.json", _Shim)
    if shim is None or shim.monotonic is None or shim.boot != proc.boot_id():
        return 0.0
    return max(0.0, time.monotonic() - shim.monotonic)


def _began(run_dir: Path) -> float | None:
    """When the shim came up, in Unix seconds."""
    try:
        return (run_dir / "shim.json").stat().st_mtime
    except OSError:
        return None


def _spawn(run_dir: Path, env: Mapping[str, str]) -> tuple[int, int]:
    """Start the shim of `run_dir`; its pid, and the end of a pipe that closes once it can be adopted and takes signals.

    Not `subprocess`: an engine may drop a run that goes on, and nothing should warn of that or wait for it.
    """
    shown, said = os.pipe()
    try:
        log = str(run_dir / "shim.log")
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", str(SHIM), str(run_dir.absolute())],
            dict(env),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, said, 1),
                (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            ],
            setsid=True,
        )
    except OSError:
        os.close(shown)
        raise
    finally:
        os.close(said)
    return pid, shown


def _ended(pipe: int) -> bool:
    """Wait until the other end of `pipe` is closed; False when that takes too long."""
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    try:
        return bool(waiting.poll(START_DEADLINE * 1000))
    finally:
        os.close(pipe)


def _reap(pid: int) -> int | None:
    """Collect a child that has ended, or is about to; its exit code, None where somebody else has collected it."""
    with contextlib.suppress(ChildProcessError):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None


def _place_of(folder: Path) -> tuple[int, int] | None:
    """Which folder the name leads to; None where it leads to none, or is a link."""
    try:
        found = folder.lstat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _wait_until(done: Callable[[], bool]) -> None:
    """Return when `done`, or after a while all the same."""
    deadline = time.monotonic() + KILL_DEADLINE
    while not done() and time.monotonic() < deadline:
        time.sleep(0.005)
