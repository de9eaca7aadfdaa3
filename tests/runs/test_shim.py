"""The shim, as it really runs: stages, logs, deadlines, stops, and whole process trees."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from praxtui.runs import identity, local, proc
from praxtui.runs.spec import Stage

if TYPE_CHECKING:
    from tests.runs.conftest import Rig

# Detaches as daemons do (fork, new session, fork), ignores TERM, says that it is there, and stays.
ESCAPE = """
import os, signal, sys, time
def escape(then):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            open(PATH, "w").write(str(os.getpid()))
            then()
            time.sleep(1000)
        os._exit(0)
    os.wait()
    while not os.path.exists(PATH): time.sleep(0.01)
"""


def escape(path: Path) -> str:
    return f"PATH = {str(path)!r}\n{ESCAPE}"


def test_a_run_leaves_its_output_its_times_and_its_result(rig: Rig) -> None:
    said = b"a\r\xff\x00\n" + "µ".encode()
    end, folder = rig.run(f"import os, sys; os.write(1, {said!r}); os.write(2, b'!'); sys.exit(3)")
    assert (folder / "run.log").read_bytes() == said + b"!"
    [stage] = end.stages
    assert (end.why, end.ok, stage.name, stage.rc, stage.signal) == ("exit", False, "run", 3, None)
    assert stage.log_bytes == len(said) + 1 and stage.dropped == 0
    assert stage.max_rss_mb > 1 and end.started <= stage.started <= stage.ended <= end.ended
    assert end.boot == proc.boot_id()
    size, seconds = (folder / "run.times").read_text().split()[-2:]
    assert int(size) == len(said) + 1 and re.fullmatch(r"\d+\.\d\d", seconds)


def test_a_signal_is_named(rig: Rig) -> None:
    end, _ = rig.run("import os; os.kill(os.getpid(), 11)")
    assert (end.stages[0].rc, end.stages[0].signal) == (-11, "SIGSEGV")


def test_stages_follow_one_another_until_one_fails(rig: Rig) -> None:
    end, folder = rig.run(
        rig.python("print(1)", "setup"), rig.python("raise SystemExit(2)"), rig.python("print(3)", "evaluate")
    )
    assert [(stage.name, stage.rc) for stage in end.stages] == [("setup", 0), ("run", 2)]
    assert not (folder / "evaluate.log").exists()


def test_a_stage_sees_its_own_environment_and_the_named_variables_only(rig: Rig) -> None:
    show = "import os, json; print(json.dumps(dict(os.environ)))"
    end, folder = rig.run(
        rig.python(show, env={"A": "1"}),
        rig.python(show, "evaluate", pass_env=()),
        pass_env=("SECRET", "ABSENT"),
        env={"SECRET": "s3cr3t", "OTHER": "x"},
    )
    assert end.ok
    token = rig.tokens[0]
    seen = json.loads((folder / "run.log").read_bytes())
    seen.pop("LC_CTYPE", None)  # Python's own, for the C locale
    assert seen == {"SECRET": "s3cr3t", "A": "1", "PRAXTUI_RUN": token}
    assert "SECRET" not in json.loads((folder / "evaluate.log").read_bytes())
    assert not [path for path in folder.iterdir() if b"s3cr3t" in path.read_bytes() and path.name != "run.log"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any process's environment")
def test_a_stage_cannot_read_the_shims_environment(rig: Rig) -> None:
    code = "import os; print(open(f'/proc/{os.getppid()}/environ').read())"
    end, folder = rig.run(code, env={"SECRET": "s3cr3t"})
    assert not end.ok and b"s3cr3t" not in (folder / "run.log").read_bytes()


def test_a_stage_has_no_input_no_stray_files_a_session_of_its_own_and_plain_signals(rig: Rig) -> None:
    code = """
import os, signal, sys
assert sys.stdin.read() == ""
assert sorted(os.listdir("/proc/self/fd")) == ["0", "1", "2", "3"], os.listdir("/proc/self/fd")  # 3: the listing itself
assert os.getsid(0) == os.getpid() != os.getsid(os.getppid())
for name in ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGTERM", "SIGCHLD"):
    assert signal.getsignal(getattr(signal, name)) == signal.SIG_DFL, name
ignored = int(next(l for l in open("/proc/self/status") if l.startswith("SigIgn")).split()[1], 16)
assert not ignored & (1 << signal.SIGINT - 1)
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
"""
    with open(os.devnull) as file:
        os.set_inheritable(file.fileno(), True)  # as a lock of the engine's might be
        end, folder = rig.run(code)
    assert end.ok, (folder / "run.log").read_text()


@pytest.mark.parametrize(
    ("argv", "cwd", "message"),
    [
        (("no-such-command-here",), "/", "run: command not found: no-such-command-here"),
        (("/etc/passwd",), "/", "run: cannot start /etc/passwd: Permission denied"),
        (("true",), "/no/such/folder", "run: cannot enter /no/such/folder: No such file or directory"),
    ],
)
def test_a_command_that_cannot_start_is_named(rig: Rig, argv: tuple[str, ...], cwd: str, message: str) -> None:
    end, _ = rig.run(Stage(name="run", argv=argv, cwd=cwd, log="run.log"), pass_env=("PATH",), env={"PATH": os.defpath})
    assert (end.why, end.message) == ("failed to start", message)
    assert end.stages[0].rc is None


def test_the_deadline_ends_the_whole_tree(rig: Rig, tmp_path: Path) -> None:
    code = escape(tmp_path / "escaped") + "\nescape(lambda: None)\nsignal.pause()"
    end, _ = rig.run(code, timeout_s=2.0, grace_s=0.5)
    assert (end.why, end.message) == ("timeout", "not done after 2 s")
    assert end.stages[0].signal == "SIGTERM"
    escaped = int((tmp_path / "escaped").read_text())
    assert not Path(f"/proc/{escaped}").exists() and rig.alive() == []


def test_a_stage_may_have_a_deadline_of_its_own(rig: Rig) -> None:
    end, _ = rig.run(rig.python("import time; time.sleep(1000)", timeout_s=0.5), grace_s=0.5)
    assert (end.why, end.message) == ("timeout", "run: not done after 0.5 s")


def test_the_deadline_covers_all_stages(rig: Rig) -> None:
    end, _ = rig.run("pass", rig.python("import time; time.sleep(1000)", "evaluate"), timeout_s=2.0, grace_s=0.5)
    assert end.why == "timeout" and [stage.rc for stage in end.stages] == [0, -signal.SIGTERM]


def test_a_grace_lets_a_run_end_in_its_own_way(rig: Rig) -> None:
    code = """
import signal, sys, time
def bye(*_): print("saved"); sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("ready", flush=True); time.sleep(1000)
"""
    end, folder = rig.run(code, timeout_s=3.0, grace_s=60.0)
    assert (end.why, end.stages[0].rc) == ("timeout", 0)
    assert (folder / "run.log").read_text() == "ready\nsaved\n"


def test_a_stopped_process_is_ended_too(rig: Rig) -> None:
    end, _ = rig.run("import os; os.kill(os.getpid(), 19)", timeout_s=1.0, grace_s=30.0)
    assert (end.why, end.stages[0].signal) == ("timeout", "SIGTERM")


def test_nothing_survives_a_normal_end(rig: Rig, tmp_path: Path) -> None:
    code = escape(tmp_path / "escaped") + "\nescape(lambda: None)"
    end, _ = rig.run(
        code,
        rig.python(
            f"assert not __import__('os').path.exists('/proc/' + open({str(tmp_path / 'escaped')!r}).read())",
            "evaluate",
        ),
        grace_s=50.0,
    )
    assert end.ok, "the escaped process was still there when the next stage ran"
    assert end.seconds < 40, "the next run does not wait for what this one forgot"
    assert rig.alive() == []


def test_processes_that_fork_as_fast_as_they_can_are_ended(rig: Rig) -> None:
    code = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        while True:
            if os.fork(): os._exit(0)
time.sleep(1000)
"""
    end, _ = rig.run(code, timeout_s=1.0, grace_s=0.2)
    assert end.why == "timeout" and "stuck" not in (end.message or "")
    assert rig.alive() == []


def test_a_run_that_closes_its_output_goes_on(rig: Rig) -> None:
    end, folder = rig.run("import os, time\nos.write(1, b'x'); os.close(1); os.close(2); time.sleep(0.3)")
    assert end.ok and (folder / "run.log").read_bytes() == b"x"


def test_stop_ends_a_run_and_says_so(rig: Rig) -> None:
    handle = rig.start("import time; print('up', flush=True); time.sleep(1000)")
    rig.printed(handle.run_dir)
    assert handle.stop()
    end = asyncio.run(handle.wait())
    assert (end.why, end.stages[0].signal) == ("stopped", "SIGTERM")
    assert not handle.stop()


def test_stop_now_waives_the_grace(rig: Rig) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(1000)"
    handle = rig.start(code, grace_s=1000.0)
    rig.printed(handle.run_dir)
    handle.stop()
    handle.stop(now=True)
    end = asyncio.run(handle.wait())
    assert (end.why, end.stages[0].signal) == ("stopped", "SIGKILL")


def test_a_stop_from_before_the_start_holds(rig: Rig) -> None:
    folder = rig.folder()
    local.ask_to_stop(folder)
    handle = local.LocalPlace().start(folder, rig.spec("print('ran')"), {})
    end = asyncio.run(handle.wait())
    assert (end.why, end.stages) == ("stopped", ()) and not (folder / "run.log").exists()


def test_a_shim_is_not_ended_by_what_ends_terminals(rig: Rig, tmp_path: Path) -> None:
    go = tmp_path / "go"
    handle = rig.start(f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGQUIT):
        assert identity.send(handle.identity, number)
    go.touch()
    assert asyncio.run(handle.wait()).ok


def test_files_put_in_the_place_of_the_shims_own_change_nothing(rig: Rig, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    code = f"""
import os
os.chdir(os.environ["FOLDER"])
os.symlink({str(outside)!r}, "evaluate.log")
open("evaluate.times", "w").write("1 1")
open("exit.json", "w").write('{{"why": "exit", "stages": [{{"name": "run", "rc": 0}}]}}')
os.unlink("exit.tmp"); open("exit.tmp", "w").write("{{}}")
"""
    folder = rig.folder()
    spec = rig.spec(
        rig.python(code, env={"FOLDER": str(folder)}), rig.python("print('val: 1'); raise SystemExit(5)", "evaluate")
    )
    handle = local.LocalPlace().start(folder, spec, {})
    end = asyncio.run(handle.wait())
    assert [stage.rc for stage in end.stages] == [0, 5]
    assert (folder / "evaluate.log").read_text() == "val: 1\n" and outside.read_text() == "mine"
    assert "evaluate.log: was there before its time" in end.refused


def test_a_result_is_a_folder_made_by_the_run(rig: Rig) -> None:
    folder = rig.folder()
    code = f"import os; os.makedirs({str(folder / 'exit.json' / 'x')!r}); os.mkdir({str(folder / 'child.json.tmp')!r})"
    handle = local.LocalPlace().start(folder, rig.spec(code), {})
    assert asyncio.run(handle.wait()).ok


def test_the_shim_imports_little() -> None:
    """What it imports decides how soon a run starts, and what can break it."""
    allowed = "collections contextlib ctypes enum errno functools json operator os re select signal types"
    allowed += " __future__ copyreg genericpath itertools keyword posixpath praxtui reprlib stat struct"
    root = str(Path(local.__file__).parents[2])
    code = f"import sys; sys.path.append({root!r}); import praxtui.runs.shim; print(*sys.modules)"

    def modules(code: str) -> set[str]:
        command = [sys.executable, "-I", "-S", "-c", code]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    new = modules(code) - modules("import sys; print(*sys.modules)")
    assert {name.partition(".")[0] for name in new if name == "__future__" or not name.startswith("_")} <= {
        *allowed.split(" ")
    }
    own = ("artifacts", "capped", "folder", "proc", "seal", "shim", "stage", "watch")
    ours = {name for name in new if name.startswith("praxtui")}
    assert ours == {"praxtui", "praxtui.runs"} | {f"praxtui.runs.{name}" for name in own}
