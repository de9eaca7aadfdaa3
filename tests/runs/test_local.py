"""Runs that outlive who started them: adopted, waited for, lost."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from praxtui.errors import CampaignFault
from praxtui.runs import identity, local, proc
from praxtui.runs.local import LocalPlace, lost, read_exit
from praxtui.runs.spec import Exit, Spec, write

if TYPE_CHECKING:
    from tests.runs.conftest import Rig

ROOT = Path(local.__file__).parents[2]


def test_an_identity_is_one_process_and_ends_with_it() -> None:
    child = subprocess.Popen(["sleep", "1000"])
    who = identity.of(child.pid)
    assert who is not None and identity.alive(who) and who.boot == proc.boot_id()
    other = identity.Identity(who.pid, who.start + 1, who.boot)
    assert not identity.alive(other) and not identity.send(other, signal.SIGKILL)
    assert not identity.alive(identity.Identity(who.pid, who.start, "another boot"))
    assert identity.send(who, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not identity.alive(who) and identity.of(child.pid) is None, "a zombie counts as dead"
    child.wait()
    assert not identity.send(who, signal.SIGKILL)


def test_a_name_with_parentheses_is_read_right(rig: Rig) -> None:
    code = "import time; open('/proc/self/comm', 'w').write('a) R 1 (b'); print('up', flush=True); time.sleep(1000)"
    handle = rig.start(code)
    rig.printed(handle.run_dir)
    child = json.loads((handle.run_dir / "child.json").read_bytes())
    now = proc.stat(child["pid"])
    assert now is not None and (now.ppid, now.sid, now.start) == (handle.identity.pid, child["pid"], child["start"])


def test_a_run_outlives_a_killed_engine_and_is_adopted(rig: Rig, tmp_path: Path) -> None:
    folder, go = rig.folder(), tmp_path / "go"
    code = f"while not os.path.exists({str(go)!r}): time.sleep(0.01)"
    spec = rig.spec(f"import os, time\nprint('up', flush=True)\n{code}\nprint('done')")
    write(tmp_path / "asked.json", spec)
    engine = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from praxtui.runs import local, spec
        asked = spec.read(Path({str(tmp_path / "asked.json")!r}), spec.Spec)
        local.LocalPlace().start(Path({str(folder)!r}), asked, {{}})
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    killed = subprocess.run([sys.executable, "-c", engine], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert killed.returncode == -signal.SIGKILL
    rig.printed(folder)

    assert read_exit(folder) is None
    handle = LocalPlace().adopt(folder)
    assert handle is not None and handle.asked == spec
    rig.handles.append(handle)

    async def finish() -> Exit:
        waiting = asyncio.create_task(handle.wait())
        other = asyncio.create_task(handle.wait())
        await asyncio.sleep(0)
        go.touch()
        end = await waiting
        assert await other == end
        return end

    end = asyncio.run(finish())
    assert end.ok and (folder / "run.log").read_text() == "up\ndone\n"
    assert read_exit(folder) == end and LocalPlace().adopt(folder) is None


def test_giving_up_waiting_leaves_the_run_alone(rig: Rig, tmp_path: Path) -> None:
    go = tmp_path / "go"
    handle = rig.start(f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)")

    async def impatient() -> None:
        waiting = asyncio.create_task(handle.wait())
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(impatient())
    assert identity.alive(handle.identity)
    go.touch()
    assert asyncio.run(handle.wait()).ok


def test_waiting_works_without_pidfd(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = rig.start("print(1)")
    monkeypatch.delattr(os, "pidfd_open")
    assert asyncio.run(handle.wait()).ok


def test_a_run_that_kills_its_shim_is_lost_and_leaves_nothing(rig: Rig, tmp_path: Path) -> None:
    # One process stays in the session but sheds the environment; one detaches but keeps it. Both ignore TERM.
    code = f"""
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for detach in (False, True):
    if os.fork() == 0:
        if detach: os.setsid()
        if os.fork() == 0:
            open({str(tmp_path)!r} + f"/left{{detach:d}}", "w").write(str(os.getpid()))
            if not detach: os.execve("/bin/sleep", ["sleep", "1000"], {{}})
            time.sleep(1000)
        os._exit(0)
    os.wait()
while len([n for n in os.listdir({str(tmp_path)!r}) if n.startswith("left")]) < 2: time.sleep(0.01)
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(1000)
"""
    end, folder = rig.run(code)
    # The run itself dies with its shim; whether before or by the clean-up is a matter of microseconds.
    assert end.why == "lost" and re.search(r"\([23] leftover processes killed\)", end.message or "")
    assert rig.alive() == []
    for name in ("left0", "left1"):
        left = proc.stat(int((tmp_path / name).read_text()))
        assert left is None or left.state in proc.DEAD
    assert lost(folder) == end == read_exit(folder)


def test_training_dies_with_its_shim(rig: Rig) -> None:
    handle = rig.start("import time; print('up', flush=True); time.sleep(1000)")
    rig.printed(handle.run_dir)
    assert identity.send(handle.identity, signal.SIGKILL)
    rig.until(lambda: not rig.alive())  # before anybody cleans up
    assert asyncio.run(handle.wait()).why == "lost"


def test_a_shim_that_was_stopped_does_not_hold_up_its_campaign(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "OVERDUE", 0.5)
    handle = rig.start(
        "import os, signal, time; os.kill(os.getppid(), signal.SIGSTOP); time.sleep(1000)", timeout_s=1.0
    )
    end = asyncio.run(handle.wait())
    # Woken late, it may still end its run itself; stuck for good, it is killed.
    assert end.why in ("timeout", "lost") and rig.alive() == []


def test_a_run_lost_before_its_shim_came_up_never_starts(rig: Rig) -> None:
    """An engine killed right after it started a shim, and the next one giving up on the run at the same time."""
    folder = rig.folder()
    write(folder / "spec.json", rig.spec("print('ran')"))
    end = lost(folder)
    assert end.why == "not started" and (folder / "stop").read_text() == "now\n"
    pid, answer = local._spawn(folder, {})
    assert local._ended(answer)
    os.waitpid(pid, 0)
    assert read_exit(folder) == end and not (folder / "run.log").exists()


def test_a_run_of_an_earlier_boot_is_lost_and_kills_nobody(rig: Rig) -> None:
    folder = rig.folder()
    handle = rig.start("import time; print('up', flush=True); time.sleep(1000)")
    rig.until(lambda: (handle.run_dir / "child.json").exists())
    write(folder / "spec.json", rig.spec("pass"))
    for name in ("shim.json", "child.json"):
        record = json.loads((handle.run_dir / name).read_bytes()) | {"boot": "earlier"}
        (folder / name).write_text(json.dumps(record))
    assert LocalPlace().adopt(folder) is None
    end = lost(folder)
    assert (end.why, end.message) == ("lost", "the machine was restarted")
    assert identity.alive(handle.identity) and handle.stop(now=True)


def test_a_folder_is_used_once(rig: Rig) -> None:
    _, folder = rig.run("pass")
    with pytest.raises(FileExistsError):
        LocalPlace().start(folder, rig.spec("pass"), {})


def test_a_folder_that_is_not_there_is_a_fault(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(CampaignFault, match="cannot start a run"):
        LocalPlace().start(tmp_path / "none", rig.spec("pass"), {})


def test_a_shim_that_fails_says_why(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "SHIM", Path("/no/such/shim.py"))
    with pytest.raises(CampaignFault, match=r"did not start: .*can't open file"):
        rig.start("pass")


@pytest.mark.parametrize("logs", [("a.log", "a.log"), ("../a.log",), ("shim.log",), ("run.txt",)])
def test_logs_are_plain_names_used_once(rig: Rig, logs: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="logs must be plain names"):
        rig.spec(*(rig.python("pass", log=log) for log in logs))


def test_later_keys_are_ignored_and_torn_files_are_no_record(tmp_path: Path) -> None:
    path = tmp_path / "exit.json"
    path.write_text('{"why": "exit", "later": 1, "stages": [{"name": "run", "rc": 0, "watts": 3}]}')
    found = read_exit(tmp_path)
    assert found is not None and found.ok
    for torn in ("", '{"why"', "[]", '{"why": "unheard of"}'):
        path.write_text(torn)
        assert read_exit(tmp_path) is None
    assert local.spec.read(tmp_path / "none", Spec) is None
