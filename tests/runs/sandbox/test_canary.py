"""The trial finds out what does not hold, says why in words, and how to mend it; it never hangs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from praxtui.errors import MISSING, RequirementMissing, UserError
from praxtui.runs import landlock, seccomp
from praxtui.runs.sandbox import (
    RUNGS,
    Rung,
    Sandbox,
    Walls,
    canary,
    check,
    fixes,
    host,
    interpreter,
    rungs,
    words,
)  # fmt: skip
from praxtui.runs.sandbox.canary import Trial
from praxtui.runs.sandbox.partial import Means
from praxtui.runs.sandbox.rungs import Failed
from praxtui.runs.spec import Confine
from tests.runs.sandbox.conftest import Person

GOOD: dict[str, Any] = {
    "written": [], "read": [], "own": True, "data": True, "found": False, "home": False, "tcp": False, "sent": False,
    "loopback": True, "named": False, "abstract": False, "vsock": False, "processes": True, "environ": False,
    "signalled": False,
    "rights": False, "memory": True, "shared": False, "listed": False, "tracked": False, "unsealed": False,
    "changed": False, "emptied": False, "gpu": True,
}  # fmt: skip


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    return tmp_path / "bin"


def bwrap(tools: Path, script: str) -> None:
    (tools / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
    (tools / "bwrap").chmod(0o755)


BY_HAND = "--unshare-user --unshare-pid --unshare-net --ro-bind / / --proc /proc --dev /dev --cap-drop ALL true"


def test_the_walls_stand_where_bubblewrap_works(person: Person) -> None:
    """So that a wall that is missing fails a test, and does not merely skip those that need it."""
    command = shutil.which("bwrap")
    if command is None or subprocess.run([command, *BY_HAND.split()], capture_output=True, timeout=60).returncode:
        assert person.sandbox.fix
        pytest.skip(f"no sandbox here: {person.sandbox.why}")
    assert person.sandbox.rung == "full", person.sandbox.why
    assert person.sandbox.findings["network"] == "none"
    assert words("full", person.sandbox.findings).startswith("full (no network, home hidden, ")
    assert [path.name for path in person.praxtui.iterdir()] == ["campaigns"]


@pytest.mark.parametrize("kind", ["namespaces", "filter"])
def test_the_walls_of_partial_stand_where_the_kernel_has_them(person: Person, kind: str) -> None:
    """As above: what skips without them must not be all that there is."""
    if landlock.abi() < 1 or seccomp.machine() is None:
        pytest.skip("this kernel cannot")
    made = ["--user", "--map-root-user", "--net", "--mount", "--ipc", "true"]
    if kind == "namespaces" and subprocess.run(["unshare", *made], capture_output=True, timeout=60).returncode:
        pytest.skip("no namespaces here")
    walls = person.walls[kind]
    assert isinstance(walls, Walls), walls.why


def test_nothing_wrong_is_no_leak() -> None:
    for partial in (False, True):
        assert canary.judged(GOOD, network=False, gpu=True, partial=partial).leaks == ()


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"written": ["/x"]}, "files outside can be written: /x"),
        ({"read": ["/journal"]}, "what is hidden can be read: /journal"),
        ({"own": False}, "its own folders cannot be written"),
        ({"data": False}, "the data cannot be read"),
        ({"home": True}, "home can be seen"),
        ({"tcp": True}, "a TCP port of this machine can be reached"),
        ({"sent": True}, "datagrams get out"),
        ({"environ": True}, "the environment of other processes can be read"),
        ({"rights": True}, "it has capabilities"),
        ({"memory": False}, "shared memory do not work"),
        ({"gpu": False}, "the GPU is lost inside"),
    ],
)
def test_each_leak_is_told(change: dict[str, Any], said: str, partial: bool) -> None:
    (leak,) = canary.judged(GOOD | change, network=False, gpu=True, partial=partial).leaks
    assert said in leak


@pytest.mark.parametrize(
    ("change", "leak", "name", "said"),
    [
        ({"found": True}, "home is there", "home", "hidden; whether a file is there can be asked"),
        ({"processes": False}, "processes of this machine can be seen", "processes", "can be seen, not read"),
        ({"signalled": True}, "can be signalled", "processes", "your own can be signalled"),
        ({"unsealed": True}, "sealed files", "sealed", "compared after the run, not read-only"),
        ({"changed": True}, "can be changed", "files", "rights and times of your other files can be changed"),
        ({"emptied": True}, "can be changed", "files", "can be emptied"),
        ({"named": True}, "unix sockets", "network", "unix sockets in the file system can be reached"),
        ({"abstract": True}, "unix sockets", "network", "abstract unix sockets can be reached"),
        ({"listed": True}, "evaluation data", "evaluation", "its names can be seen"),
        ({"tracked": True}, "evaluation data", "evaluation", "what git tracks of it can be read"),
        ({"shared": True}, "shared memory", "memory", "/dev/shm is this machine's"),
    ],
)
def test_what_only_full_stops_is_said_of_partial(change: dict[str, Any], leak: str, name: str, said: str) -> None:
    (found,) = canary.judged(GOOD | change, network=False, gpu=True).leaks
    assert leak in found
    told = canary.judged(GOOD | change, network=False, gpu=True, partial=True)
    assert told.leaks == ()
    assert said in told.findings[name]


def test_a_network_without_a_loopback_is_said() -> None:
    found = canary.judged(GOOD | {"loopback": False}, network=False, gpu=False, partial=True).findings
    assert found["network"] == "none, not even a loopback of its own"
    assert words("partial", found) == "partial (files confined, no network, home hidden, no GPU)"
    said = words("partial", found | {"why": "bubblewrap is not installed", "gpu": "visible"})
    assert (
        said == "partial (files confined, no network, home hidden, GPU visible; not full: bubblewrap is not installed)"
    )


def test_a_network_that_is_asked_for_must_be_there() -> None:
    open_ = {"tcp": True, "sent": True, "abstract": True}
    assert canary.judged(GOOD | open_, network=True, gpu=True).leaks == ()
    assert canary.judged(GOOD, network=True, gpu=True).leaks != ()


def test_a_bubblewrap_that_confines_nothing_is_found_out(tools: Path) -> None:
    bwrap(tools, 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    found = check(asked="auto")
    assert found.rung != "full"
    for leak in ("files outside can be written", "can be read", "TCP port", "processes", "datagrams"):
        assert leak in found.why
    assert not list(Path("/usr").glob(".canary-*"))


@pytest.mark.parametrize(
    "said",
    [
        "bwrap: setting up uid map: Permission denied",
        "bwrap: No permissions to create new namespace",
        "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
        "bwrap: Can't mount proc on /newroot/proc: Operation not permitted",
    ],
)
def test_a_bubblewrap_that_is_refused_says_why_and_what_to_do(
    tools: Path, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bwrap(tools, f'echo "{said}" >&2\nexit 1')
    with pytest.raises(RequirementMissing, match="asks for full") as error:
        check(asked="full")
    assert error.value.message.endswith(f"cannot be had here: a trial of it failed: {said}")
    assert fixes.allow_namespaces() in (error.value.fix or "")
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    found = check(asked="auto")
    assert (found.rung, found.fix) == ("none", fixes.allow_namespaces())
    assert found.why == f"a trial of it failed: {said}; partial: this kernel has no Landlock, or it is switched off"
    with pytest.raises(RequirementMissing) as error:
        found.require("researcher llm")
    assert error.value.exit_code == MISSING
    assert said in str(error.value) and "--allow-unsandboxed" in str(error.value)


def test_without_bubblewrap_it_is_partial_and_says_how_to_get_more(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if all(isinstance(person.walls[kind], Failed) for kind in ("namespaces", "filter")):
        pytest.skip("this kernel cannot")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    found = check(asked="auto")
    assert (found.rung, found.why) == ("partial", "bubblewrap is not installed (no bwrap on PATH)")
    assert "apt install bubblewrap" in found.fix
    assert words(found.rung, found.findings).startswith("partial (files confined, no network, home hidden, ")
    assert words(found.rung, found.findings).endswith(f"; not full: {found.why})")
    assert (found.findings["why"], found.findings["fix"]) == (found.why, found.fix)
    assert check(asked="partial").why == ""


def test_where_namespaces_are_refused_sockets_are_filtered(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(person.walls["filter"], Failed):
        pytest.skip(f"this kernel cannot: {person.walls['filter'].why}")
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    really = rungs.tried

    def refused(walls: Walls, *args: Any) -> Any:
        return Failed("refused") if walls.means is None or walls.means.namespaces else really(walls, *args)

    monkeypatch.setattr(rungs, "tried", refused)
    found = check(asked="auto")
    assert found.rung == "partial" and found.walls is not None and found.walls.means is not None
    assert not found.walls.means.namespaces
    assert found.findings["network"].startswith("none, not even a loopback of its own")
    assert found.findings["sealed"] == "compared after the run, not read-only"


@pytest.mark.parametrize("hole", ["reads", "writes", "network", "nothing"])
@pytest.mark.parametrize("namespaces", [True, False])
def test_walls_with_a_hole_are_found_out(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hole: str, namespaces: bool
) -> None:
    walls = person.walls["namespaces" if namespaces else "filter"]
    if isinstance(walls, Failed):
        pytest.skip(f"this kernel cannot: {walls.why}")
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    more = {"reads": {"reads": ("/",)}, "writes": {"writes": ("/",)}, "network": {"network": True}, "nothing": {}}

    def with_hole(*args: Any) -> Confine:
        return replace(made(*args), **more[hole])

    made = canary.confine
    monkeypatch.setattr(canary, "confine", with_hole)
    leaks = canary.trial(walls, sys.executable, {}).leaks
    said = {"reads": "what is hidden can be read", "writes": "files outside can be written", "network": "a TCP port"}
    assert (leaks == ()) if hole == "nothing" else any(said[hole] in leak for leak in leaks)


@pytest.mark.parametrize("abi", range(1, landlock.abi() + 1))
def test_older_kernels_confine_files_all_the_same(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abi: int
) -> None:
    """What they cannot do is said."""
    walls = person.walls["filter"]
    if isinstance(walls, Failed):
        pytest.skip(f"this kernel cannot: {walls.why}")
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    found = canary.trial(replace(walls, means=Means(abi, False)), sys.executable, {})
    assert found.leaks == ()
    assert ("can be emptied" in found.findings["files"]) == (abi < 3)
    assert ("can be signalled" in found.findings["processes"]) == (abi < 6)
    assert ("abstract" in found.findings["network"]) == (abi < 6)


def test_a_gpu_that_is_lost_inside_costs_the_rung(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    kinds = []

    def lost(walls: Walls, *_: Any) -> Trial:
        kinds.append("full" if walls.means is None else (walls.means.namespaces, walls.means.kernel))
        return Trial({}, ("the GPU is lost inside",))

    monkeypatch.setattr(rungs, "trial", lost)
    monkeypatch.setattr(host, "devices", lambda: ("/dev/null",))
    found = check(asked="auto")
    assert found.rung == "none" and "the GPU is lost inside" in words(found.rung, found.findings)
    # With and without what a driver writes in /proc, since root must not have it everywhere.
    assert kinds[-3:] == [(True, True), (False, True), (False, False)]


def test_a_bubblewrap_that_hangs_is_given_up(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "PATIENCE_S", 0.5)
    bwrap(tools, '[ "$1" = --help ] || exec sleep 1000')
    with pytest.raises(RequirementMissing, match=r"it did not come to an end within 0\.5 s"):
        check(asked="full")


def test_an_interpreter_that_does_not_answer_is_named(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bwrap(tools, "exit 0")
    monkeypatch.setattr(interpreter, "ASK_S", 0.5)
    python = tools / "python"
    python.write_text("#!/bin/sh\nexec sleep 1000\n")
    python.chmod(0o755)
    assert f"{python} did not answer" in check(str(python), asked="auto").why
    assert "cannot be executed" in check(str(tools / "none"), asked="auto").why
    python.write_text("#!/bin/sh\necho no >&2\n")
    assert f"{python} is not a working Python: no" in check(str(python), asked="auto").why


def test_the_variable_switches_it_off_or_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_SANDBOX", "none")
    assert (check().rung, check().fix) == ("none", "unset PRAXTUI_SANDBOX")
    for name in ("full", "partial"):
        monkeypatch.setenv("PRAXTUI_SANDBOX", f" {name} ")
        assert rungs.choice() == name
    monkeypatch.setenv("PRAXTUI_SANDBOX", "")
    assert rungs.choice() == "auto"
    monkeypatch.setenv("PRAXTUI_SANDBOX", "half")
    with pytest.raises(UserError, match="half"):
        check()


@pytest.mark.parametrize("least", RUNGS)
@pytest.mark.parametrize("rung", RUNGS)
def test_a_rung_satisfies_who_asks_for_no_more(rung: Rung, least: Rung) -> None:
    found = Sandbox(rung, {}, "why", "fix")
    if RUNGS.index(rung) <= RUNGS.index(least):
        found.require("researcher llm", least)
        return
    with pytest.raises(RequirementMissing, match=r"researcher llm needs a sandbox.*why") as error:
        found.require("researcher llm", least)
    fix = error.value.fix or ""
    assert fix.startswith("fix; or ")
    assert f'least = "{rung}" under [sandbox] in ' in fix and "--allow-unsandboxed" in fix


@pytest.mark.parametrize(
    ("sysctl", "said"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns=1", "apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone=0", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces=0", "max_user_namespaces=15000"),
    ],
)
def test_the_setting_in_the_way_is_named(sysctl: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, value = sysctl.split("=")
    monkeypatch.setattr(fixes, "_sysctl", lambda asked: value if asked == name else "")
    assert said in fixes.allow_namespaces()


def test_a_container_is_told_how_to_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixes, "_sysctl", lambda asked: "")
    monkeypatch.setattr(fixes, "in_container", lambda: True)
    assert "seccomp=unconfined" in fixes.fix_of("bwrap: No permissions to create new namespace")
    assert fixes.fix_of("bwrap: Unknown option --new") == "update bubblewrap to 0.4 or later"


def test_an_interpreter_says_what_it_reads() -> None:
    told = interpreter.ask(sys.executable, {})
    assert {sys.prefix, sys.base_prefix} <= set(told)
