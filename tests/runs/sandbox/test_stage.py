"""What a confined stage can and cannot do, and that the shim stands over it as over any other."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from praxtui.runs import proc, seccomp
from praxtui.runs.local import LocalPlace, kill_leftovers, lost
from praxtui.runs.sandbox import reached
from praxtui.runs.spec import Stage
from tests.runs.conftest import Rig
from tests.runs.sandbox.conftest import Person, Yard

only = partial(pytest.mark.parametrize, "kind")
PARTIAL = ["namespaces", "filter"]

# Prints each of the paths on which `act` did not raise OSError.
TRY = """
import os
def attempt(act, *paths):
    for path in paths:
        try:
            act(path)
        except OSError:
            continue
        print("done:", path)
def read(path):
    with open(path, "rb") as file:
        if not file.read(1):
            raise OSError
def write(path):
    with open(path, "a") as file:
        file.write("x")
"""


def test_a_stage_reads_and_writes_its_own_folders(yard: Yard) -> None:
    code = f"""{TRY}
import tempfile
attempt(write, "new", {str(yard.root / "scratch" / "new")!r})
attempt(read, {str(yard.root / "data" / "train" / "text")!r}, "sealed.py", ".git")
attempt(write, os.path.expanduser("~/.saved"), tempfile.mktemp())
"""
    end, said = yard.run(code, pass_env=("HOME",), env={"HOME": str(Path.home())})
    assert end.ok, said
    # An empty home of its own only bubblewrap makes.
    assert said.count("done:") == (7 if yard.kind == "full" else 6), said
    assert (yard.tree / "new").read_text() == "x"
    assert not (Path.home() / ".saved").exists()


def test_nothing_outside_is_written(yard: Yard, person: Person) -> None:
    leaf = yard.root / "elsewhere"
    leaf.mkdir()
    targets = [person.journal, leaf / "new", yard.root / "data" / "new"]
    targets += [yard.tree / "sealed.py", yard.tree / ".git"] * (yard.kind != "filter")
    targets += [Path("/usr/new"), Path("/etc/passwd"), Path("/new")]
    # In bubblewrap there is an empty home in memory.
    targets += [yard.root / "new", person.home / "new"] * (yard.kind != "full")
    before = {path: path.read_bytes() for path in targets if path.is_file()}
    # The kernel's own switches, which root's programs may turn wherever they are found: opened, never written.
    switches = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger"]
    code = f"""{TRY}
attempt(write, *{[str(path) for path in targets]!r})
attempt(lambda path: os.open(path, os.O_WRONLY), "/sys/kernel/mm/ksm/run", *{switches!r})
"""
    end, said = yard.run(code)
    assert end.ok, said
    assert said == ""
    assert {path: path.read_bytes() for path in before} == before
    assert not (leaf / "new").exists()


@only(["full", "namespaces"])
def test_sealed_files_can_be_neither_removed_nor_replaced(yard: Yard) -> None:
    code = f"""{TRY}
write("mine")
attempt(os.unlink, "sealed.py")
attempt(lambda path: os.rename("mine", path), "sealed.py")
attempt(lambda path: os.chmod(path, 0o777), "sealed.py")
"""
    end, said = yard.run(code)
    assert (end.ok, said) == (True, "")
    assert (yard.tree / "sealed.py").read_text() == "content"


@only(["full"])
def test_keys_journals_and_other_campaigns_are_not_there(yard: Yard, person: Person) -> None:
    secret = [person.key, person.home / ".bashrc", person.journal, "/etc/shadow", "/etc/gshadow", "/proc/kcore"]
    code = f"""{TRY}
attempt(read, *{[str(path) for path in secret]!r})
print(os.listdir({str(person.home)!r}), os.listdir({str(person.praxtui / "campaigns")!r}), os.listdir("/run"))
"""
    end, said = yard.run(code)
    assert end.ok, said
    assert said == f"['praxtui'] ['{yard.root.name}'] []\n"


@only(PARTIAL)
def test_keys_and_journals_cannot_be_read(yard: Yard, person: Person) -> None:
    secret = [person.key, person.home / ".bashrc", person.journal, "/etc/shadow", "/etc/gshadow", "/proc/kcore"]
    other = person.praxtui / "campaigns" / "other"
    code = f"""{TRY}
attempt(read, *{[str(path) for path in secret]!r})
attempt(os.listdir, *{[str(path) for path in (person.home, person.praxtui, other, "/", "/dev")]!r})
for path in os.listdir("/proc/self/fd"):
    attempt(os.listdir, "/proc/self/fd/" + path)
attempt(lambda path: os.link({str(person.key)!r}, path), "linked")
attempt(lambda path: os.rename({str(person.key)!r}, path), "moved")
os.symlink({str(person.key)!r}, "link")
attempt(read, "link")
"""
    assert yard.run(code)[1] == ""


def test_nobody_outside_is_reached(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        monkeypatch.chdir(yard.root)  # an address is at most 107 bytes long
        named.bind("socket")
        abstract.bind(f"\0praxtui-test-{os.getpid()}")
        named.listen()
        abstract.listen()
        code = f"""{TRY}
import socket
def connect(family, address):
    with socket.socket(family) as one:
        one.settimeout(5)
        one.connect(address)
attempt(lambda address: connect(socket.AF_INET, address), {tcp.getsockname()!r}, ("192.0.2.1", 80))
attempt(lambda address: connect(socket.AF_UNIX, address), {abstract.getsockname()!r})
if {yard.kind == "full"}:
    attempt(lambda address: connect(socket.AF_UNIX, address), "../socket")
def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", address)
attempt(send, ("192.0.2.1", 53))
try:
    try:
        send({udp.getsockname()!r})
    except PermissionError:
        pass
    socket.getaddrinfo("example.org", 80)
    print("done: a name was looked up")
except OSError:
    pass
"""
        end, said = yard.run(code)
        assert (end.ok, said) == (True, "")
        udp.setblocking(False)
        with pytest.raises(BlockingIOError):
            udp.recv(1)


@only(["full"])
def test_loopback_and_its_own_name_work_inside(yard: Yard) -> None:
    code = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection((socket.gethostbyname(socket.gethostname()), server.getsockname()[1])).close()
print(socket.gethostname())
"""
    end, said = yard.run(code)
    assert (end.ok, said) == (True, "sandbox\n")


@only(["full"])
def test_the_engine_cannot_be_seen(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"""
import os
for name in os.listdir("/proc"):
    if name.isdigit():
        try:
            with open(f"/proc/{{name}}/environ", "rb") as file:
                assert b"HIDDEN" not in file.read(), name
        except OSError:
            pass
assert len([name for name in os.listdir("/proc") if name.isdigit()]) <= 3
try:
    os.kill({os.getpid()}, 0)
    print("done")
except ProcessLookupError:
    pass
status = open("/proc/self/status").read()
assert "CapEff:\\t0000000000000000" in status and "NoNewPrivs:\\t1" in status, status
"""
    end, said = yard.run(code, env={"HIDDEN": "s3cr3t"})
    assert (end.ok, said) == (True, "")


@only(PARTIAL)
def test_other_processes_cannot_be_read_nor_signalled(yard: Yard) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, env={"HIDDEN": "x"}
    ) as other:
        names = ("environ", "mem", "maps", "cwd", "root", "fd")
        code = f"""{TRY}
attempt(read, *("/proc/{other.pid}/" + name for name in {names!r}))
attempt(os.listdir, *("/proc/{other.pid}/" + name for name in ("cwd", "root")))
attempt(os.readlink, *("/proc/{other.pid}/" + name for name in ("cwd", "exe", "fd/0")))
attempt(lambda pid: os.kill(pid, 0), {other.pid}, {os.getpid()}, os.getppid())
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(*(status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")))
"""
        end, said = yard.run(code)
        other.stdin.close()
    assert (end.ok, said) == (True, "0000000000000000 " * 4 + "1 2\n")


def test_the_session_keys_are_not_possessed(yard: Yard) -> None:
    calls = seccomp.machine()
    if calls is None:
        pytest.skip("the system calls of this architecture are not known")
    add_key, _, keyctl = calls.keyrings
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(keyctl, 1, None)  # a session of this test's own
    key = libc.syscall(add_key, b"user", b"praxtui-test", b"s3cr3t", ctypes.c_size_t(6), -3)
    if key < 0:
        pytest.skip("no keyrings here")
    code = f"""
import ctypes
libc = ctypes.CDLL(None)
print(libc.syscall({keyctl}, 11, {key}, ctypes.create_string_buffer(64), ctypes.c_size_t(64)))  # read it
print(libc.syscall({keyctl}, 10, -3, b"user", b"praxtui-test", 0))  # look for it in the session
"""
    # Started by this thread, whose session it would be.
    assert yard.run(code)[1] == "-1\n-1\n"


@only(["namespaces"])
def test_a_network_of_its_own_is_its_loopback(yard: Yard) -> None:
    code = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
print(*(name for _, name in socket.if_nameindex()))
"""
    end, said = yard.run(code)
    assert (end.ok, "lo" in said) == (True, True), said


@only(["filter"])
def test_no_socket_but_unix_ones_can_be_made(yard: Yard) -> None:
    code = """
import ctypes, socket
families = [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, getattr(socket, "AF_VSOCK", 40)]
for family in families:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        for protocol in (0, 262):  # 262: MPTCP
            try:
                socket.socket(family, kind, protocol)
                print("made", family, kind, protocol)
            except PermissionError:
                pass
a, b = socket.socketpair()
a.send(b"x")
assert b.recv(1) == b"x"
with socket.socket(socket.AF_UNIX) as server:
    server.bind("mine")
    server.listen()
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("mine")
ctypes.set_errno(0)
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(425, 8, ctypes.create_string_buffer(256)), ctypes.get_errno())  # io_uring_setup
"""
    end, said = yard.run(code)
    assert (end.ok, said) == (True, "-1 1\n")


def test_its_output_can_be_opened_by_its_name(yard: Yard) -> None:
    end, _ = yard.run("", stage={"argv": ("/bin/sh", "-c", "echo one >> /dev/stdout; echo two > /dev/null; exit 3")})
    assert end.stages[0].rc == 3


def test_it_makes_no_world_in_which_it_would_have_rights(yard: Yard) -> None:
    if yard.kind == "full" and not (yard.walls.host.flags or yard.walls.host.filter):
        pytest.skip("this bwrap cannot forbid it")
    code = "import ctypes; print(ctypes.CDLL(None).unshare(0x10000000))"  # CLONE_NEWUSER
    assert yard.run(code)[1] == "-1\n"


def test_evaluation_data_is_seen_by_the_evaluator_only(yard: Yard) -> None:
    places = [str(yard.root / "data" / "evaluation" / "answers"), str(yard.tree / "evaluation" / "key")]
    code = f"{TRY}\nattempt(read, *{places!r})"
    kept = places[1:] if yard.kind == "filter" else []  # what git tracks is in the tree, which is writable as a whole
    assert yard.run(code)[1] == "".join(f"done: {path}\n" for path in kept)
    end, said = yard.run(code, yard.sight(evaluation=True))
    assert (end.ok, said.count("done:")) == (True, 2)


def test_data_that_links_lead_to_is_seen(yard: Yard, tmp_path: Path) -> None:
    large = tmp_path / "mount" / "large"
    (large / "part").mkdir(parents=True)
    (large / "part" / "file").write_text("content")
    (tmp_path / "held out").write_text("content")
    (yard.root / "data" / "large").symlink_to(large)
    (yard.root / "data" / "evaluation" / "held out").symlink_to(tmp_path / "held out")
    data = str(yard.root / "data")
    code = f"{TRY}\nattempt(read, {data + '/large/part/file'!r}, {str(tmp_path / 'held out')!r})"
    end, said = yard.run(code, yard.sight(reads=reached([data], [f"{data}/evaluation"])))
    assert (end.ok, said) == (True, f"done: {data}/large/part/file\n")


def test_secrets_reach_the_stage_and_no_command_line(yard: Yard) -> None:
    code = "import os, time\nprint(os.environ['TOKEN'], flush=True)\ntime.sleep(1000)"
    handle = yard.rig.start(yard.stage(code), pass_env=("TOKEN",), env={"TOKEN": "s3cr3t"})
    assert yard.rig.printed(handle.run_dir) == b"s3cr3t\n"
    for process in proc.descendants(handle.identity.pid):
        assert b"s3cr3t" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert "s3cr3t" not in (handle.run_dir / "spec.json").read_text()
    handle.stop(now=True)
    asyncio.run(handle.wait())


@pytest.mark.parametrize(
    ("code", "rc", "name"),
    [
        ("raise SystemExit(7)", 7, None),
        ("raise SystemExit(1)", 1, None),
        ("print('bwrap: not really\\nor is it'); raise SystemExit(1)", 1, None),
        ("import os; os.kill(os.getpid(), 9)", -9, "SIGKILL"),
        ("import os; os.kill(os.getpid(), 11)", -11, "SIGSEGV"),
    ],
)
def test_exit_codes_and_signals_are_the_programs(yard: Yard, code: str, rc: int, name: str | None) -> None:
    end, _ = yard.run(code)
    assert (end.why, end.stages[0].rc, end.stages[0].signal) == ("exit", rc, name)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-command", "run: command not found: no-such-command"),
        ("/etc/passwd", "run: cannot start /etc/passwd: Permission denied"),
    ],
)
def test_a_command_that_cannot_start_is_named(yard: Yard, command: str, message: str) -> None:
    end, _ = yard.run("", stage={"argv": (command,)}, pass_env=("PATH",), env={"PATH": os.defpath})
    assert (end.why, end.message, end.stages[0].rc) == ("failed to start", message, None)


def test_walls_that_cannot_be_made_are_no_fault_of_the_program(yard: Yard) -> None:
    stage = yard.stage("print('ran')")
    (yard.root / "scratch").rmdir()
    end, _ = yard.rig.run(stage)
    assert (end.why, end.stages[0].rc) == ("failed to start", None)
    assert end.message is not None and end.message.startswith("run: the sandbox could not be made: ")


def test_memory_and_time_of_the_program_are_measured(yard: Yard) -> None:
    code = (
        "import time\nx = bytearray(200 << 20)\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    )
    end, _ = yard.run(code)
    assert end.stages[0].max_rss_mb > 200
    assert end.stages[0].cpu_seconds > 0.3


GRACEFUL = """
import os, signal, sys, time
def leave(*_):
    with open("saved", "w") as file:
        file.write("checkpoint")
    sys.exit(5)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
time.sleep(1000)
"""


def test_a_stop_reaches_the_program_which_has_its_grace(yard: Yard) -> None:
    handle = yard.rig.start(yard.stage(GRACEFUL))
    yard.rig.printed(handle.run_dir)
    handle.stop()
    end = asyncio.run(handle.wait())
    assert (end.why, end.stages[0].rc) == ("stopped", 5)
    assert (yard.tree / "saved").read_text() == "checkpoint"
    assert end.seconds < 60


# Detached in every way there is, deaf to what can be ignored, and breeding.
BREED = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        for _ in range(3):
            if os.fork() == 0:
                os.environ.clear()
                time.sleep(1000)
        os._exit(0)
"""


@pytest.mark.parametrize("end_of_it", ["", "print('ready', flush=True)\ntime.sleep(1000)"])
def test_nothing_is_left_when_a_stage_is_over(yard: Yard, end_of_it: str) -> None:
    handle = yard.rig.start(yard.stage(BREED + end_of_it), grace_s=0.2)
    if end_of_it:
        yard.rig.printed(handle.run_dir)
        handle.stop()
    end = asyncio.run(handle.wait())
    assert end.why == ("stopped" if end_of_it else "exit")
    assert yard.rig.alive() == []


@only(["full"])
def test_nothing_is_left_when_the_shim_is_killed(yard: Yard) -> None:
    handle = yard.rig.start(yard.stage(BREED + "print('ready', flush=True)\ntime.sleep(1000)"))
    yard.rig.printed(handle.run_dir)
    # Two of bwrap's, the program, and its fifteen grandchildren.
    yard.rig.until(lambda: len(proc.descendants(handle.identity.pid)) >= 18)
    below = proc.descendants(handle.identity.pid)
    os.kill(handle.identity.pid, signal.SIGKILL)
    # Not by anything that this process does: the walls fall on what is inside.
    yard.rig.until(lambda: all(proc.start_of(process.pid) != process.start for process in below))
    assert asyncio.run(handle.wait()).why == "lost"


def test_processes_inside_are_found_by_the_token_of_their_run(yard: Yard) -> None:
    handle = yard.rig.start(yard.stage("import time\nprint('ready', flush=True)\ntime.sleep(1000)"))
    yard.rig.printed(handle.run_dir)
    program = proc.descendants(handle.identity.pid)[-1].pid
    assert program in yard.rig.alive()
    os.kill(handle.identity.pid, signal.SIGSTOP)  # so that it cannot help
    assert kill_leftovers(handle.run_dir, handle.asked) >= 1
    os.kill(handle.identity.pid, signal.SIGCONT)
    assert asyncio.run(handle.wait()).why in ("exit", "lost")


def test_a_run_is_adopted_by_another_engine(yard: Yard) -> None:
    handle = yard.rig.start(yard.stage(GRACEFUL))
    yard.rig.printed(handle.run_dir)
    adopted = LocalPlace().adopt(handle.run_dir)
    assert adopted is not None
    adopted.stop()
    asyncio.run(handle.wait())
    assert lost(handle.run_dir).stages[0].rc == 5


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder in whose name there is room for that of a socket: 107 bytes are all that it may have."""
    with tempfile.TemporaryDirectory(prefix="p-", dir="/tmp") as folder:
        yield Path(folder)


def work(short: Path) -> dict[str, Any]:
    return {"argv": (sys.executable, "work.py"), "env": {"TMPDIR": str(short)}}


def test_worker_processes_and_shared_memory_work(yard: Yard, short: Path) -> None:
    code = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, shared_memory
if __name__ == "__main__":
    one = shared_memory.SharedMemory(create=True, size=1 << 20)
    for method in ("fork", "forkserver", "spawn"):
        with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
            assert list(pool.map(abs, [-1, -2])) == [1, 2]
    one.close()
    one.unlink()
"""
    (yard.tree / "work.py").write_text(code)
    end, said = yard.run("", yard.sight(writable=(str(yard.tree), str(short))), stage=work(short))
    assert end.ok, said


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_works(yard: Yard, short: Path) -> None:
    code = """
import torch
from torch.utils.data import DataLoader
if __name__ == "__main__":
    assert sum(int(batch.sum()) for batch in DataLoader(torch.arange(100), 10, num_workers=2)) == 4950
"""
    (yard.tree / "work.py").write_text(code)
    end, said = yard.run("", yard.sight(writable=(str(yard.tree), str(short))), stage=work(short))
    assert end.ok, said


def test_a_stage_without_walls_is_as_it_was(rig: Rig) -> None:
    end, _ = rig.run(Stage(name="run", argv=("/bin/sh", "-c", "exit 139"), cwd="/", log="run.log"))
    assert (end.stages[0].rc, end.stages[0].signal) == (139, None)
