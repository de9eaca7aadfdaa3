"""A person's machine in a temporary folder: a home, leaves that run in moments, and `praxtui` as a real command.

The leaf's metric is GAIN of settings.py, exactly. Runs of its experiments (not of the baseline) last until `release`
is called after `hold`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from praxtui.cli.main import main
from praxtui.journal import liveness
from praxtui.journal.events import Event
from praxtui.journal.folded import folded
from praxtui.journal.state import State
from praxtui.journal.store import Journal
from praxtui.runs.local import lost, read_exit
from tests.making import EXACT, make_leaf, write

PATIENCE = 120.0  # seconds for something to happen on a busy machine

SETTINGS = "GAIN = 1.0\n\nSPAN = 3\n"
TRAIN = """\
import os, time
settings = {{}}
with open("settings.py") as file:
    exec(file.read(), settings)
print("loss: 0.5", flush=True)
deadline = time.monotonic() + 120
while os.environ["PRAXTUI_EXPERIMENT"] != "e0" and os.path.exists({gate!r}) and time.monotonic() < deadline:
    time.sleep(0.01)
os.makedirs("out", exist_ok=True)
with open("out/score", "w") as file:
    file.write(str(settings["GAIN"]))
"""
EVALUATE = 'print("score:", open("out/score").read())\n'


class Place:
    """One person's home and leaf, and what they type."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.gate = root / "gate"
        self.begun: list[subprocess.Popen[str]] = []
        person = root / "person"
        person.mkdir(parents=True)
        (person / ".gitconfig").write_text("[user]\nname = P\nemail = p@example.org\n[init]\ndefaultBranch = main\n")
        given = {
            name: value for name, value in os.environ.items() if not name.startswith(("PRAXTUI_", "GIT_", "COLUMNS"))
        }
        own = {"PRAXTUI_HOME": str(self.home), "PRAXTUI_SANDBOX": "none", "PRAXTUI_DETACH": "fork"}
        self.env = {**given, **own, "HOME": str(person)}
        self.leaf = self.make_leaf("leaf")

    def make_leaf(
        self,
        name: str,
        *changes: Mapping[str, Mapping[str, Any]],
        files: Mapping[str, str] = {},
        repository: bool = True,
    ) -> Path:
        """A leaf in a folder of its own."""
        own = {"settings.py": SETTINGS, "train.py": TRAIN.format(gate=str(self.gate)), "evaluate.py": EVALUATE}
        with patched(os.environ, self.env):
            return make_leaf(self.root / name, EXACT, *changes, files={**own, **files}, repository=repository)

    def command(self, *words: str) -> list[str]:
        """The command line of `praxtui words`."""
        return [sys.executable, "-m", "praxtui", *words]

    def praxtui(self, *words: str, code: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end; fails where it does not exit with `code`, or shows a traceback."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, env={**self.env, **env}, cwd=self.root,
            timeout=PATIENCE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = f"praxtui {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, said
        assert code is None or done.returncode == code, said
        return done

    def json(self, *words: str) -> Any:
        """The one JSON document that a verb prints."""
        return json.loads(self.praxtui(*words, "--json").stdout)

    def refused(self, *words: str, code: int = 2, **env: str) -> str:
        """What a verb says to the person when it refuses."""
        done = self.praxtui(*words, code=code, **env)
        assert done.stderr.startswith("praxtui: "), done.stderr
        return done.stderr

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Begin a verb that goes on."""
        process = subprocess.Popen(
            self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.env, cwd=self.root, **more,
        )  # fmt: skip
        self.begun.append(process)
        return process

    def begin(self, name: str = "c", *words: str, experiments: int = 2, leaf: Path | None = None) -> Path:
        """A campaign of `null` that runs without a follower; its folder."""
        self.praxtui(
            "run", str(leaf or self.leaf), "--name", name, "--researcher", "null", "--experiments", str(experiments),
            "--detach", *words,
        )  # fmt: skip
        return self.folder(name)

    def finished(self, name: str = "c", experiments: int = 2, *words: str, leaf: Path | None = None) -> Path:
        """A campaign of `null` that has ended, with its engine gone."""
        folder = self.begin(name, *words, experiments=experiments, leaf=leaf)
        self.until(lambda: not self.alive(name), "the engine to be gone")
        assert self.state(name).ended
        return folder

    # --- runs that wait ---------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Let the runs of experiments wait."""
        self.gate.touch()

    def release(self) -> None:
        """Let them go on."""
        self.gate.unlink(missing_ok=True)

    def running(self, name: str = "c", experiment: str = "e1", n: int = 1) -> None:
        """Return when a run is under way and has printed."""
        log = self.folder(name) / "runs" / experiment / str(n) / "run.log"
        self.until(lambda: log.exists() and log.stat().st_size > 0, f"{experiment} to run")

    # --- the record -------------------------------------------------------------------------------------------------

    def folder(self, name: str = "c") -> Path:
        return self.home / "campaigns" / name

    def state(self, name: str = "c") -> State:
        """The folded state of now."""
        with Journal.open(self.folder(name)) as journal:
            return folded(journal)

    def events(self, name: str = "c") -> list[Event]:
        """All events."""
        with Journal.open(self.folder(name)) as journal:
            return list(journal.read())

    def alive(self, name: str = "c") -> bool:
        """Whether the campaign's engine lives."""
        return liveness.alive(self.folder(name)).alive

    def engine(self, name: str = "c") -> int:
        """The pid of its living engine."""
        found = liveness.alive(self.folder(name))
        assert found.alive
        assert found.pid is not None
        return found.pid

    def kill_engine(self, name: str = "c") -> None:
        """SIGKILL, and wait until it is gone."""
        os.kill(self.engine(name), signal.SIGKILL)
        self.until(lambda: not self.alive(name), "the engine to be gone")

    def until(self, true: Callable[[], object], what: str) -> None:
        """Wait until `true()`; fails after a long while."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"waited for {what}"
            time.sleep(0.02)

    def when(self, true: Callable[[State], object], name: str = "c") -> State:
        """Wait until `true(state)`; the state of then."""
        self.until(lambda: true(self.state(name)), f"the state of {name}")
        return self.state(name)

    def write(self, name: str, files: Mapping[str, str]) -> None:
        """Write files into a leaf."""
        write(self.root / name, files)

    def clear(self) -> None:
        """End everything that still runs."""
        self.release()
        for process in self.begun:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        for folder in (self.home / "campaigns").glob("*"):
            found = liveness.alive(folder)
            if found.alive and found.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found.pid, signal.SIGKILL)
                    os.kill(found.pid, signal.SIGCONT)
                liveness.wait_until_gone(folder, PATIENCE)
            for run_dir in (folder / "runs").glob("*/*"):
                if (run_dir / "spec.json").exists() and read_exit(run_dir) is None:
                    lost(run_dir)


class Inside(Place):
    """The same, with verbs answered in this process: for the many that are refused before anything is started."""

    def praxtui(self, *words: str, code: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """`main(words)`, as `Place.praxtui` would give it."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with (
            patched(os.environ, {**self.env, **env}),
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            ended = main(words)
        said = []
        for stream in (out, err):
            stream.flush()
            said.append(stream.buffer.getvalue().decode())
        whole = f"praxtui {' '.join(words)}: exit {ended}\n{''.join(said)}"
        assert "unexpected" not in said[1], whole
        assert code is None or ended == code, whole
        return subprocess.CompletedProcess(words, ended, *said)


@contextlib.contextmanager
def patched(environment: Any, values: Mapping[str, str]) -> Any:
    """`environment` is exactly `values` within."""
    before = dict(environment)
    environment.clear()
    environment.update(values)
    try:
        yield
    finally:
        environment.clear()
        environment.update(before)
