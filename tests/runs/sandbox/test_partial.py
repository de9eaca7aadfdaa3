"""What Landlock is told: worked out from what is hidden, and held by it as another user as well."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.runs import landlock
from praxtui.runs.sandbox.partial import Means, allowed, confine
from praxtui.runs.sandbox.plan import Host, Needs, within, within_any

ROOT = Path(__file__).parents[3]
NOBODY = 65534
# setpriv starts with rights that it gives up only when it becomes the command: what counts is who that can start.
PROBE = """
import subprocess, sys
import praxtui.runs.sandbox
subprocess.run([sys.executable, "-c", ""], check=True)
"""
MATRIX = """
import json, sys
from praxtui.runs import environment, landlock
from praxtui.runs.sandbox import Walls, host, interpreter, rungs
from praxtui.runs.sandbox.partial import Means
machine, env = host.look(), environment.inherited()
told = interpreter.ask(sys.executable, env)
readable = interpreter.readable(sys.executable, env, told, machine.system, machine.home)
for namespaces in (True, False):
    walls = Walls(machine, readable, False, Means(landlock.abi(), namespaces))
    result = rungs.tried(walls, sys.executable, env)
    print(json.dumps([result.why] if isinstance(result, rungs.Failed) else result.findings))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("tree", "scratch", "data/train", "data/evaluation", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("data/train/text", "data/evaluation/answers", "data/file", "elsewhere/file"):
        (tmp_path / name).write_text("content")
    (tmp_path / "data" / "way out").symlink_to(tmp_path / "elsewhere")
    return tmp_path


def needs(place: Path, **more: object) -> Needs:
    given = {"writable": (str(place / "tree"), str(place / "scratch")), "readable": (str(place / "data"),)}
    return Needs(**{"cwd": str(place / "tree"), "covered": (str(place / "data" / "evaluation"),)} | given | more)


def test_a_folder_with_something_hidden_is_given_in_parts(place: Path) -> None:
    whole, parts = allowed([str(place / "data")], {str(place / "data" / "evaluation")})
    assert sorted(whole) == [str(place / "data" / name) for name in ("file", "train")]
    assert parts == [str(place / "data")]
    assert allowed([str(place / "data")], {str(place / "data")}) == ([], [])


def test_with_mounts_of_its_own_what_is_hidden_is_covered(place: Path) -> None:
    made = confine(Host(bwrap="", system=()), needs(place, sealed=("/s",)), Means(7, True))
    assert str(place / "data") in made.reads and str(place / "data" / "evaluation") in made.empty
    assert made.sealed == ("/s",)
    bare = confine(Host(bwrap="", system=()), needs(place, sealed=("/s",)), Means(7, False))
    assert str(place / "data") in bare.lists and str(place / "data") not in bare.reads
    assert (bare.empty, bare.sealed) == ((), ())
    assert str(place / "data" / "way out") not in bare.reads


def test_what_is_private_stays_so_in_a_folder_that_is_shown(place: Path) -> None:
    home = Host(bwrap="", system=(str(place),), home=str(place / "elsewhere"), private=(str(place / "data" / "train"),))
    made = confine(home, needs(place, covered=(), readable=(str(place / "data"),)), Means(7, False))
    shown = [path for path in made.reads if within(path, str(place))]
    assert str(place / "data" / "file") in shown
    assert not within_any(str(place / "elsewhere" / "file"), shown)
    assert not within_any(str(place / "data" / "train" / "text"), shown)


names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@given(st.sets(names, max_size=8), st.sets(names, min_size=1, max_size=3))
def test_nothing_hidden_is_ever_given(made: set[str], hidden: set[str]) -> None:
    with tempfile.TemporaryDirectory() as top:
        for name in made:
            os.makedirs(os.path.join(top, name), exist_ok=True)
        secret = {os.path.join(top, name) for name in hidden}
        whole, parts = allowed([top], secret)
        for path in whole:
            assert not any(within(one, path) or within(path, one) for one in secret)
        for name in made:
            path = os.path.join(top, name)
            if not any(within(path, one) or within(one, path) for one in secret):
                assert within_any(path, whole)
        assert not set(parts) & secret


@pytest.mark.parametrize("known", range(1, 11))
def test_an_abi_is_asked_for_nothing_that_it_does_not_know(known: int) -> None:
    most = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16, 8: 16}.get(known, 17)
    assert landlock.rights(known) < 1 << most
    assert landlock.rights(known) & landlock.READ == landlock.READ


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """A command that runs a Python as another user, and its environment; skips where that user cannot."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root, and setpriv")
    with tempfile.TemporaryDirectory(prefix="nobody-", dir="/var/tmp") as home:
        os.chown(home, NOBODY, NOBODY)
        packages = [path for path in sys.path if path.endswith("site-packages")]
        env = {"PATH": os.defpath, "HOME": home, "PRAXTUI_HOME": home, "PYTHONPATH": ":".join([str(ROOT), *packages])}
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        for python in (sys.executable, "/usr/bin/python3"):
            command = [*become, python]
            try:
                tried = [*command, "-c", PROBE]
                done = subprocess.run(tried, env=env, cwd="/", capture_output=True, timeout=60)
            except OSError:
                continue
            if done.returncode == 0:
                yield command, env
                return
    pytest.skip("no Python here that another user can run, with what praxtui needs")


def test_it_holds_for_a_user_without_rights(nobody: tuple[list[str], dict[str, str]]) -> None:
    command, env = nobody
    done = subprocess.run([*command, "-c", MATRIX], env=env, cwd="/", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    namespaces, bare = map(json.loads, done.stdout.splitlines())
    assert isinstance(bare, dict), bare
    assert bare["network"].startswith("none, not even a loopback of its own")
    assert bare["processes"].startswith("those of this machine can be seen, not read")
    if isinstance(namespaces, list):
        pytest.skip(f"no namespaces for this user: {namespaces}")
    assert namespaces["sealed"] == "read-only"
    assert namespaces["network"].startswith("none; ")
