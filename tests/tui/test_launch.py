"""Calls of the command line, as the cockpit makes them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from praxtui.tui import launch
from praxtui.tui.launch import Said, Wish, run_words
from praxtui.tui.messages import Answered, CampaignOpened
from tests.making import make_leaf
from tests.places import home

__all__ = ["home"]


def test_only_what_was_wished_for_is_said() -> None:
    assert run_words("/l", Wish()) == ["run", "/l", "--detach", "--json"]
    wish = Wish("llm", ("a/b", " "), "my-run", " 12 ", "0.5", "none", "2", "review", True)
    assert run_words("/l", wish)[4:] == [
        "--researcher=llm", "--name=my-run", "--experiments=12", "--hours=0.5", "--usd=none", "--slots=2",
        "--autonomy=review", "--model=a/b", "--allow-unsandboxed",
    ]  # fmt: skip


def test_a_call_has_no_terminal_a_session_of_its_own_and_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read())); sys.exit('praxtui: no')"
    monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-c", script))
    assert launch.call([]) == Said(1, "True ''\n", "praxtui: no\n")


def test_a_call_that_nobody_waits_for_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, gate = tmp_path / "mark", tmp_path / "gate"
    script = (
        "import os, sys, time\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)\n"
        f"print('written to nobody'); sys.stdout.flush(); open({str(mark)!r}, 'w').close()"
    )
    monkeypatch.setattr(launch, "COMMAND", (sys.executable, "-c", script))
    assert launch.call([], lambda: False) is None
    gate.touch()
    deadline = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert mark.exists()


def test_a_command_that_cannot_be_started_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "COMMAND", ("/nowhere/python",))
    said = launch.call(["list"])
    assert said is not None and said.code == 4 and "cannot start /nowhere/python" in said.err


@pytest.mark.parametrize(
    ("err", "message", "fix"),
    [
        ("praxtui: no leaf 'x'\n  looked in\n  /a\n", "no leaf 'x'", "looked in\n/a"),
        ("a note\npraxtui: x is not ready:\npackage t\n  pip install t\n  then: praxtui doctor x\n",
         "x is not ready:\npackage t", "pip install t\nthen: praxtui doctor x"),
        ("", "praxtui ended with exit code 3 and said nothing", "`praxtui doctor` looks at this machine"),
        ("Traceback\nValueError: no\n", "ValueError: no", "`praxtui doctor` looks at this machine"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_message_and_a_fix(err: str, message: str, fix: str) -> None:
    assert launch.refusal(Said(3, "", err)) == launch.Refusal(message, fix)


def test_the_id_is_that_of_the_last_document() -> None:
    assert launch.started(Said(0, '{"id": "a", "state": "running"}\n', "")) == "a"
    assert launch.started(Said(0, 'noise\n{"id": "b"}\n', "")) == "b"
    assert launch.started(Said(0, "no document", "")) is None
    assert launch.started(Said(3, '{"id": "a"}', "")) is None
    assert launch.forked(Said(0, "c began at e2 of a: praxtui status c\n", "")) == "c"
    assert launch.forked(Said(2, "", "praxtui: no")) is None


def test_the_real_command_line_makes_a_leaf_and_refuses_with_a_fix(home: Path, tmp_path: Path) -> None:
    leaf = make_leaf(tmp_path / "leaf", repository=False)
    made = launch.call(["new", str(leaf), str(tmp_path / "mine")])
    assert made is not None and made.ok and (tmp_path / "mine" / "program.md").is_file()
    again = launch.call(["new", str(leaf), str(tmp_path / "mine")])
    assert again is not None
    assert launch.answer(again) == Answered(
        f"{tmp_path / 'mine'} is there already, and not empty", ok=False, fix="name a folder that does not exist yet"
    )


def test_what_cannot_be_resumed_or_forked_says_why(home: Path) -> None:
    resumed = launch.resume("nothing")
    assert not resumed.ok and "no campaign 'nothing'" in resumed.text
    forked = launch.fork("nothing", "e1")
    assert not isinstance(forked, CampaignOpened) and "no campaign 'nothing'" in forked.text


def test_launching_imports_nothing_of_the_engine() -> None:
    script = (
        "import sys, praxtui.tui.launch, praxtui.tui.screens.home_rows, praxtui.tui.screens.start_form\n"
        "print([m for m in sys.modules if m.startswith(('praxtui.engine', 'praxtui.research', 'praxtui.cli'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=dict(os.environ))
    assert done.stdout.strip() == "[]", done.stderr
