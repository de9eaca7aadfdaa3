"""The trial finds out what does not hold, says why in words, and how to mend it; it never hangs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from praxtui.errors import MISSING, RequirementMissing, UserError
from praxtui.runs.sandbox import Sandbox, canary, check, fixes, interpreter, walls, words
from tests.runs.sandbox.conftest import Person

GOOD: dict[str, Any] = {
    "written": [], "read": [], "own": True, "data": True, "home": False, "tcp": False, "sent": False,
    "processes": True, "memory": True, "gpu": True,
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


def test_nothing_wrong_is_no_leak() -> None:
    assert canary.judged(GOOD, network=False, heard=False, left=[], gpu=True).leaks == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"written": ["/x"]}, "files outside can be written: /x"),
        ({"left": ["/y"]}, "files outside can be written: /y"),
        ({"read": ["/journal"]}, "what is hidden can be read: /journal"),
        ({"own": False}, "its own folders cannot be written"),
        ({"data": False}, "the data cannot be read"),
        ({"home": True}, "home can be seen"),
        ({"tcp": True}, "a TCP port of this machine can be reached"),
        ({"sent": True}, "datagrams get out"),
        ({"heard": True}, "datagrams get out"),
        ({"processes": False}, "processes of this machine can be seen"),
        ({"memory": False}, "shared memory do not work"),
        ({"gpu": False}, "the GPU is lost inside"),
    ],
)
def test_each_leak_is_told(change: dict[str, Any], said: str) -> None:
    known = {"heard": False, "left": []} | change
    heard, left = known.pop("heard"), known.pop("left")
    found = canary.judged(GOOD | known, network=False, heard=heard, left=left, gpu=True)
    assert len(found.leaks) == 1
    assert said in found.leaks[0]


def test_a_network_that_is_asked_for_must_be_there() -> None:
    assert canary.judged(GOOD | {"tcp": True}, network=True, heard=True, left=[], gpu=True).leaks == ()
    assert canary.judged(GOOD, network=True, heard=True, left=[], gpu=True).leaks != ()


def test_a_bubblewrap_that_confines_nothing_is_found_out(tools: Path) -> None:
    bwrap(tools, 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
    found = check(asked="auto")
    assert found.rung == "none"
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
def test_a_bubblewrap_that_is_refused_says_why_and_what_to_do(tools: Path, said: str) -> None:
    bwrap(tools, f'echo "{said}" >&2\nexit 1')
    found = check(asked="auto")
    assert (found.rung, found.why) == ("none", f"a trial of it failed: {said}")
    assert found.fix == fixes.allow_namespaces()
    with pytest.raises(RequirementMissing) as error:
        found.require("researcher llm")
    assert error.value.exit_code == MISSING
    assert said in str(error.value) and "--allow-unsandboxed" in str(error.value)


def test_without_bubblewrap_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = check(asked="auto")
    assert (found.rung, found.why) == ("none", "bubblewrap is not installed (no bwrap on PATH)")
    assert "apt install bubblewrap" in found.fix
    assert words("none", found.findings) == f"none ({found.why}; {found.fix})"


def test_a_bubblewrap_that_hangs_is_given_up(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "PATIENCE_S", 0.5)
    bwrap(tools, '[ "$1" = --help ] || exec sleep 1000')
    found = check(asked="auto")
    assert found.why == "a trial of it failed: it did not come to an end within 0.5 s"


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
    monkeypatch.setenv("PRAXTUI_SANDBOX", "")
    assert walls.choice() == "auto"
    monkeypatch.setenv("PRAXTUI_SANDBOX", "half")
    with pytest.raises(UserError, match="half"):
        check()


def test_only_a_full_sandbox_satisfies() -> None:
    Sandbox("full", {}).require("researcher llm")
    with pytest.raises(RequirementMissing):
        Sandbox("none", {}, "why", "fix").require("researcher llm")


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
