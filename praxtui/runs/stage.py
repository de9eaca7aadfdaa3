"""One command of a run: its process tree, its log, and the times at which the log grew.

Standard library only: the shim imports this file.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import time
from collections.abc import Callable

from praxtui.runs import proc
from praxtui.runs.capped import Capped
from praxtui.runs.folder import Folder
from praxtui.runs.watch import IGNORED, Ended, Watch

TICK = 0.1  # seconds between looks at the log's size, the clock and the file `stop`
SWEEP = 1.0  # seconds that processes left over after a normal exit get between TERM and KILL
STUBBORN = 30.0  # seconds of KILL after which a process is stuck in the kernel and is no longer waited for
NO_CAP = 1 << 62
PR_SET_PDEATHSIG = 1  # linux/prctl.h
BWRAP = "bwrap: "  # how every line of bwrap's own begins

prctl = ctypes.CDLL(None, use_errno=True).prctl


class Stage:
    """A command that starts once; `spec` is its entry in spec.json, `whole` the entire spec."""

    def __init__(self, folder: Folder, watch: Watch, spec: dict, whole: dict) -> None:  # type: ignore[type-arg]
        self.folder = folder
        self.watch = watch
        self.spec = spec
        self.whole = whole
        self.name: str = spec["name"]
        self.sandbox = bool(spec.get("sandbox"))
        self.confine: dict | None = spec.get("confine")  # type: ignore[type-arg]
        self.code: int | None = None
        self.child = 0
        self.cpu, self.rss, self.seconds = 0.0, 0, 0.0
        self.sampled, self.seen = 0.0, 0
        self.stuck: list[int] = []
        self.began, self.started, self.ended = time.monotonic(), time.time(), 0.0
        try:
            fd, self.output = folder.log(spec["log"])
            self.times = folder.fresh(os.path.splitext(spec["log"])[0] + ".times", os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise Ended("failed to start", f"{self.name}: cannot write {spec['log']}: {error.strerror}") from None
        self.log = Capped(fd, whole.get("log_cap") or NO_CAP)

    def go(self) -> None:
        """Start the command, wait for its end, and leave no process of it behind. Raises Ended."""
        grace = float(self.whole.get("grace_s", 10))
        try:
            self._start()
            while self._reap() and self.code is None:
                self._sample()
                self._check()
                self.watch.wait(TICK)
            grace = min(grace, SWEEP)
            self._began_at_all()
        finally:
            self._end_tree(grace)
            self._sample(last=True)
            self.seconds, self.ended = time.monotonic() - self.began, time.time()
            for fd in (self.log.fd, self.output, self.times):
                os.close(fd)

    def record(self) -> dict:  # type: ignore[type-arg]
        """What exit.json says of this stage; `rc` is negative for a signal, null when the command never started."""
        return {
            "name": self.name,
            "rc": self.code,
            "signal": signal_name(self.code),
            "seconds": round(self.seconds, 3),
            "started": self.started,
            "ended": self.ended,
            "max_rss_mb": round(self.rss / 1024, 1),
            "cpu_seconds": round(self.cpu, 3),
            "log_bytes": self.seen,
            "dropped": self.log.dropped,
        }

    def _start(self) -> None:
        names = self.spec.get("pass_env")
        names = self.whole.get("pass_env", []) if names is None else names
        env = {name: os.environ[name] for name in names if name in os.environ}
        env.update(self.spec.get("env", {}))
        # By this an engine recognises what is left of a run whose shim was killed.
        env["PRAXTUI_RUN"] = self.whole["token"]
        self.child, failure = spawn(self._walled, self.spec["argv"], self.spec["cwd"], env, self.output)
        if failure:
            os.waitpid(self.child, 0)
            raise Ended("failed to start", f"{self.name}: {failure}")
        start = proc.start_of(self.child)
        if start is not None:
            who = {"pid": self.child, "start": start, "boot": proc.boot_id(), "sid": self.child}
            # When the disk is full, only the clean-up after a killed shim is the poorer for it.
            with contextlib.suppress(OSError):
                self.folder.write("child.json", who)

    def _walled(self) -> None:
        """In the new process: what it gives up before it becomes the command. Raises OSError with a whole sentence."""
        # Most runs of a machine are on one rung: what the others need is not imported.
        if self.confine is not None:
            from praxtui.runs import confined

            confined.confine(self.confine, self.output)
        elif self.sandbox:
            from praxtui.runs import kernel, seccomp

            kernel.leave_keyring()
            seccomp.hand_over()

    def _check(self) -> None:
        self.watch.check()
        limit = self.spec.get("timeout_s")
        if limit is not None and time.monotonic() >= self.began + limit:
            raise Ended("timeout", f"{self.name}: not done after {limit:g} s")

    def _reap(self) -> bool:
        """Collect the processes that ended; whether any is left below the shim."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.cpu += usage.ru_utime + usage.ru_stime
            self.rss = max(self.rss, usage.ru_maxrss)
            if pid == self.child:
                self.code = os.waitstatus_to_exitcode(status)
                if self.sandbox and 128 < self.code <= 128 + signal.SIGRTMAX:
                    self.code = 128 - self.code  # how bwrap, like a shell, says that a signal ended its command

    def _began_at_all(self) -> None:
        """Raise Ended where bwrap ended because it could not start the command: its words are all that was printed."""
        if not self.sandbox or self.code != 1:
            return
        said = os.pread(self.log.fd, 4096, 0).decode("utf-8", "replace")
        if not said.startswith(BWRAP) or said.count("\n") != 1:
            return
        self.code = None
        said = said.removeprefix(BWRAP).strip()
        command, _, why = said.removeprefix("execvp ").rpartition(": ")
        if said.startswith("execvp "):
            missing = why == os.strerror(errno.ENOENT)
            said = f"command not found: {command}" if missing else f"cannot start {command}: {why}"
        else:
            said = f"the sandbox could not be made: {said}"
        raise Ended("failed to start", f"{self.name}: {said}")

    def _end_tree(self, grace: float) -> None:
        """End every process below the shim, however it detached itself: TERM, `grace` seconds, KILL until none is left.

        Orphans become children of the shim, their subreaper: when it has no children, there is nothing below it.
        """
        told: set[tuple[int, int]] = set()
        kill_at = time.monotonic() + grace
        while self._reap():
            now = time.monotonic()
            below = proc.descendants(os.getpid())
            if now < kill_at and not self.watch.hurry():
                new = [p for p in below if (p.pid, p.start) not in told and not self._is_wall(p)]
                told.update((process.pid, process.start) for process in new)
                proc.send_all(new, signal.SIGTERM)
                proc.send_all(new, signal.SIGCONT)  # a stopped process takes no TERM
                self.watch.wait(min(TICK / 2, kill_at - now))
            elif now < kill_at + STUBBORN:
                proc.send_all(below, signal.SIGKILL)
                self.watch.wait(0.005)
            else:
                self.stuck = [process.pid for process in below]
                return
            self._sample()

    def _is_wall(self, process: proc.Stat) -> bool:
        """Whether this is one of bwrap's own two processes: TERM would end them, and with them, at once, all inside."""
        return self.sandbox and self.child in (process.pid, process.ppid)

    def _sample(self, last: bool = False) -> None:
        """Note the log's size and hold its cap, at most once a tick."""
        now = time.monotonic()
        if not last and now - self.sampled < TICK * 0.9:
            return
        self.sampled = now
        size = self.log.size
        try:
            if size != self.seen:
                self.seen = size
                os.write(self.times, f"{size} {now - self.began:.2f}\n".encode())
            cut = self.log.cut()
            if cut is not None:
                self.seen = self.log.size
                os.write(self.times, f"! {cut[0]} {cut[1]} {now - self.began:.2f}\n".encode())
        except OSError:
            pass  # a full disk: the times are a convenience, the run goes on


def signal_name(code: int | None) -> str | None:
    """`SIGKILL` for -9; None for a code that is no signal's."""
    if code is None or code >= 0:
        return None
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def spawn(
    walled: Callable[[], None], argv: list[str], cwd: str, env: dict[str, str], log: int
) -> tuple[int, str | None]:
    """Start `argv` in a session of its own, with no input and its output to `log`; (pid, why it could not start).

    The new process calls `walled` before it becomes `argv`.
    """
    shim = os.getpid()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become(shim, walled, argv, cwd, env, log)
        except BaseException as error:
            os.write(tell, str(error).encode("utf-8", "backslashreplace"))
        finally:
            os._exit(127)
    os.close(tell)
    with open(told, "rb") as pipe:
        failure = pipe.read().decode("utf-8", "replace")  # ends when exec closes the other end
    return child, failure or None


def die_with(shim: int) -> None:
    """A run whose shim is killed must not go on unwatched, without its deadline."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != shim:
        os._exit(127)  # the shim died before the line above


def become(shim: int, walled: Callable[[], None], argv: list[str], cwd: str, env: dict[str, str], log: int) -> None:
    """In the new process: turn into `argv`. Raises OSError with a whole sentence when that cannot be."""
    os.setsid()
    die_with(shim)
    signal.set_wakeup_fd(-1)
    # What is ignored stays ignored through exec: without this, nothing could interrupt the training's own children.
    for number in (*IGNORED, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        walled()
    except OSError as error:
        raise OSError(f"the sandbox could not be made: {error.strerror or error}") from None
    die_with(shim)  # again: the kernel forgets it when rights change
    try:
        os.chdir(cwd)
    except OSError as error:
        raise OSError(f"cannot enter {cwd}: {error.strerror}") from None
    try:
        os.execvpe(argv[0], argv, env)
    except FileNotFoundError:
        raise OSError(f"command not found: {argv[0]}") from None
    except OSError as error:
        raise OSError(f"cannot start {argv[0]}: {error.strerror}") from None
