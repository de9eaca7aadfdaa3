"""Campaigns behind walls: they run as they did, what is hidden stays hidden, and who must have walls has them."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import socket
from pathlib import Path

import pytest

from praxtui import settings
from praxtui.engine.confine import Confinement, require
from praxtui.errors import RequirementMissing
from praxtui.journal.facts import SandboxProbed
from praxtui.runs import sandbox
from praxtui.runs.sandbox import Sandbox, check
from praxtui.workspace.copies import working_copy
from tests.making import (
    EXACT,
    SETTINGS,
    Script,
    Watch,
    code,
    create,
    facts,
    ledger,
    make_leaf,
    play,
    run,
    start,
    state_of,
    status,
    wait_for_end,
    with_constants,
)

LEAVES = Path(__file__).resolve().parents[2] / "leaves"


@pytest.fixture(scope="module")
def found() -> Sandbox:
    return check(asked="auto")


@pytest.fixture
def full(found: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox as it is by default."""
    if found.rung != "full":
        pytest.skip(f"no sandbox here: {found.why}")
    monkeypatch.setenv("PRAXTUI_SANDBOX", "auto")


@pytest.mark.slow
def test_ngram_is_improved_behind_the_walls(full: None, home: Path) -> None:
    leaf = working_copy(LEAVES / "ngram", "ngram", home, "0")
    folder = create(leaf, researcher="sweep", experiments=3)
    state = run(folder)
    assert (state.ended, state.counted) == ("finished", 3)
    assert status(folder)["sandbox"] == "full"
    assert status(folder)["sandbox_findings"]["network"] == "none"
    assert {row["verdict"] for row in ledger(folder).values()} <= {"keep", "discard"}
    assert not (folder / "trees" / "0" / "evaluation").exists()


def test_without_walls_it_runs_and_says_so(exact: Path) -> None:
    folder = create(exact, experiments=1)
    play(folder, Script({"GAIN": 1.0}))
    assert status(folder)["sandbox"] == "none"
    assert facts(folder, SandboxProbed)[0].findings["why"] == "PRAXTUI_SANDBOX=none switches it off"
    assert ledger(folder)["e1"]["verdict"] == "keep"


def test_a_model_does_not_start_without_walls_unless_its_person_said_so(
    exact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("praxtui.engine.engine.options", nothing)
    folder = create(exact, "refused", researcher="llm", experiments=1)
    state = play(folder, Script({"GAIN": 1.0}))
    assert (state.ended, state.exit_code) == ("stopped", 3)
    assert "researcher llm needs a sandbox" in (state.end_reason or "")
    assert "--allow-unsandboxed" in (state.end_reason or "")
    assert not state.experiments["e0"].runs
    folder = create(exact, "allowed", researcher="llm", experiments=1, unsandboxed=True)
    assert play(folder, Script({"GAIN": 1.0})).ended == "finished"


async def nothing(*_: object) -> dict[str, object]:
    return {}


@pytest.mark.parametrize("researcher", ["sweep", "null"])
def test_others_take_the_best_rung_there_is(researcher: str) -> None:
    require(researcher, False, Sandbox("none", {}, "why"))
    with pytest.raises(RequirementMissing, match="why"):
        require("llm", False, Sandbox("none", {}, "why"))
    require("llm", True, Sandbox("none", {}, "why"))


def test_the_settings_may_say_that_less_is_enough(home: Path) -> None:
    settings.file().parent.mkdir(parents=True, exist_ok=True)
    partial, none = Sandbox("partial", {}, "no bwrap"), Sandbox("none", {}, "no kernel")
    with pytest.raises(RequirementMissing, match="needs a sandbox that is full for its runs, and here it is partial"):
        require("llm", False, partial)
    settings.file().write_text('[sandbox]\nleast = "partial"\n')
    require("llm", False, partial)
    with pytest.raises(RequirementMissing, match="no kernel"):
        require("llm", False, none)
    settings.file().write_text('[sandbox]\nleast = "none"\n')
    require("llm", False, none)


@pytest.fixture
def partial(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox as it is where there is no bubblewrap."""
    try:
        check(asked="partial")
    except RequirementMissing as missing:
        pytest.skip(str(missing))
    monkeypatch.setenv("PRAXTUI_SANDBOX", "partial")


def test_a_campaign_without_bubblewrap_is_confined_all_the_same(partial: None, home: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("private")
    places = [f"attempt(lambda: read({str(path)!r}))" for path in (key, home / "campaigns" / "c" / "journal.db")]
    places += [f"attempt(lambda: write({str(path)!r}))" for path in (key, tmp_path / "leaf" / "settings.py", "/x")]
    with socket.create_server(("127.0.0.1", 0)) as server:
        lever = ATTACKS.replace("PLACES", "\n".join(places)).replace("PORT", repr(server.getsockname()))
        lever = lever.replace("ENGINE", str(os.getpid()))
        lever += '\nLUCK = SPREAD = 0.0\nWAIT = ""\n'
        leaf = make_leaf(tmp_path / "leaf", EXACT, files={"settings.py": lever})
        folder = create(leaf, "c", experiments=0)
        state = play(folder, Script())
    assert (state.sandbox, ledger(folder)["e0"]["metric"]) == ("partial", 110.0)
    assert key.read_text() == "private"
    assert state.sandbox_findings["files"].startswith("only its own folders can be written")


def test_a_rung_that_is_asked_for_and_cannot_be_had_stops_the_campaign(
    exact: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRAXTUI_SANDBOX", "full")
    monkeypatch.setenv("PATH", str(tmp_path))
    state = play(create(exact, experiments=0), Script())
    assert (state.ended, state.exit_code) == ("stopped", 3)
    assert "PRAXTUI_SANDBOX asks for full, and that cannot be had here: bubblewrap is not" in (state.end_reason or "")
    assert not state.experiments["e0"].runs


# A lever that says in its result what it got at: each thing costs a point.
ATTACKS = """
import glob, os, socket
GAIN = 10.0
def attempt(act):
    global GAIN
    try:
        act()
    except OSError:
        return
    GAIN -= 100.0
def read(path):
    with open(path, "rb") as file:
        if not file.read(1):
            raise OSError
def write(path):
    with open(path, "a") as file:
        file.write("x")
PLACES
attempt(lambda: socket.create_connection(PORT, 5))
attempt(lambda: os.kill(ENGINE, 0))
attempt(lambda: read("/proc/ENGINE/environ"))
"""


@pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="needs litellm")
def test_what_a_model_writes_runs_behind_the_walls(full: None, exact: Path) -> None:
    from tests.scripted import ideas
    from tests.scripted.campaigns import campaign

    looks = 'GAIN = float(not __import__("os").path.exists("/root/.bashrc") and __import__("os").getpid() < 100)'
    idea = ideas.Idea("looks around", (ideas.setting({"GAIN": 0.5}, more=f"\n{looks}"), *ideas.HAND_IN))
    played = campaign(exact, [idea], experiments=1, unsandboxed=False)
    assert (played.state.sandbox, played.ledger["e1"]["metric"]) == ("full", 101.0)


def test_a_lever_gets_at_nothing(full: None, exact: Path, home: Path, tmp_path: Path) -> None:
    key = tmp_path / "person" / ".ssh" / "id_ed25519"
    key.parent.mkdir()
    key.write_text("private")
    other = create(exact, "other", experiments=1)
    folder = create(exact, experiments=1)
    trees = folder / "trees"
    secret = [key, folder / "journal.db", other / "journal.db", exact / "train.py", exact / ".git" / "HEAD"]
    secret += [folder / "engine.json", trees / "0-evaluate" / "evaluate.py", folder / "runs" / "e1" / "1" / "spec.json"]
    places = [f"attempt(lambda: read({str(path)!r}))" for path in secret]
    places += [f"attempt(lambda: write({str(path)!r}))" for path in (trees / "0" / "train.py", trees / "0" / ".git")]
    # Below /tmp, which is a stage's own, this may seem to succeed.
    new = [
        folder / "runs" / "e1" / "1" / "exit.json.tmp",
        exact / "new",
        home / "new",
        folder / "new",
        tmp_path / "new",
    ]
    places += [f"try: write({str(path)!r})\nexcept OSError: pass" for path in new]
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = ATTACKS.replace("PLACES", "\n".join(places)).replace("ENGINE", str(os.getpid()))
        state = play(folder, Script(code(text.replace("PORT", repr(server.getsockname())))))
    assert not [path for path in new if path.exists()]
    row = ledger(folder)["e1"]
    assert (state.sandbox, row["verdict"], row["metric"]) == ("full", "keep", 110.0)


def test_the_same_lever_gets_at_everything_without_walls(exact: Path) -> None:
    """What the test above would not see if its attempts were wrong."""
    folder = create(exact, experiments=1)
    text = ATTACKS.replace("PLACES", f"attempt(lambda: read({str(folder / 'journal.db')!r}))")
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = text.replace("ENGINE", str(os.getpid())).replace("PORT", repr(server.getsockname()))
        play(folder, Script(code(text)))
    assert ledger(folder)["e1"]["metric"] == -290.0


HIDDEN = """\
import os
data = os.environ["PRAXTUI_DATA"]
LEAKED = [path for path in (data + "/evaluation/answers", "evaluation/key") if os.path.exists(path)]
assert not LEAKED, LEAKED
assert open(data + "/train").read() == "open" and open("corpus/text").read() == "mine"
GAIN = 1.0
LUCK = 0.0
SPREAD = 0.0
WAIT = ""
"""
SEES = """\
import json, os
with open("out/result.json") as file:
    result = json.load(file)
for path in (os.environ["PRAXTUI_DATA"] + "/evaluation/answers", "evaluation/key"):
    assert open(path).read() == "secret"
print("score:", result["gain"])
"""
SETUP = """\
import os
data = os.environ["PRAXTUI_DATA"]
os.makedirs(data + "/evaluation")
open(data + "/evaluation/answers", "w").write("secret")
open(data + "/train", "w").write("open")
"""


def test_held_out_data_is_for_the_evaluator_alone(full: None, tmp_path: Path) -> None:
    """In PRAXTUI_DATA, tracked in the leaf, and in the check of a draft; `loop.data` is there as before."""
    setup = {"loop": {"setup": "python -I -S prepare.py", "data": ["corpus"], "check": "python settings.py"}}
    files = {"settings.py": HIDDEN, "evaluate.py": SEES, "prepare.py": SETUP, "evaluation/key": "secret"}
    leaf = make_leaf(tmp_path / "leaf", EXACT, setup, files={**files, ".gitignore": "out/\ncorpus/\n"})
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "text").write_text("mine")
    (leaf / "corpus").mkdir()
    (leaf / "corpus" / "text").symlink_to(tmp_path / "disk" / "text")
    folder = create(leaf, experiments=1)
    state = play(folder, Script(code("\nGAIN = 2.0\n")))
    assert state.ended == "finished"
    assert ledger(folder)["e1"]["metric"] == 2.0


@pytest.mark.parametrize("linked", [False, True])
def test_data_of_the_leaf_that_is_for_evaluation_is_hidden_too(full: None, tmp_path: Path, linked: bool) -> None:
    settings = 'import os\nGAIN = float(os.path.exists("evaluation/key"))\nLUCK = SPREAD = 0.0\nWAIT = ""\n'
    evaluate = SEES.replace('os.environ["PRAXTUI_DATA"] + "/evaluation/answers"', '"evaluation/key"')
    files = {"settings.py": settings, "evaluate.py": evaluate, ".gitignore": "out/\nevaluation\n"}
    leaf = make_leaf(tmp_path / "leaf", EXACT, {"loop": {"data": ["evaluation"]}}, files=files)
    held = tmp_path / "disk" if linked else leaf / "evaluation"
    held.mkdir()
    if linked:
        (leaf / "evaluation").symlink_to(held)
    (held / "key").write_text("secret")
    folder = create(leaf, experiments=0)
    play(folder, Script())
    assert ledger(folder)["e0"]["metric"] == 0.0


def test_secrets_that_are_declared_reach_the_run(full: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "s3cr3t-value")
    settings = 'import os\nGAIN = float(os.environ["A_TOKEN"] == "s3cr3t-value")\nLUCK = SPREAD = 0.0\nWAIT = ""\n'
    leaf = make_leaf(
        tmp_path / "leaf", EXACT, {"constraints": {"secrets": ["A_TOKEN"]}}, files={"settings.py": settings}
    )
    folder = create(leaf, experiments=0)
    play(folder, Script())
    assert ledger(folder)["e0"]["metric"] == 101.0
    holding = [path for path in folder.rglob("*") if path.is_file() and b"s3cr3t-value" in path.read_bytes()]
    assert [path for path in holding if path.name != "settings.py"] == []


def test_a_network_is_there_where_the_program_gives_runs_one(full: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = f"import socket\nsocket.create_connection({server.getsockname()!r}, 5).close()\n"
        settings += 'GAIN = 1.0\nLUCK = SPREAD = 0.0\nWAIT = ""\n'
        leaf = make_leaf(tmp_path / "leaf", EXACT, {"constraints": {"network": "run"}}, files={"settings.py": settings})
        folder = create(leaf, experiments=0)
        state = play(folder, Script())
    assert ledger(folder)["e0"]["metric"] == 101.0
    assert state.sandbox_findings["network"] == "open, as the program asks"


def test_a_run_that_outlives_its_engine_is_adopted(full: None, home: Path, tmp_path: Path) -> None:
    settings = with_constants(SETTINGS, {"SPREAD": 0.0, "WAIT": "gate"})
    leaf = make_leaf(tmp_path / "leaf", EXACT, files={"settings.py": settings})
    folder = create(leaf, researcher="null", experiments=0)
    engine = start(folder)
    asyncio.run(Watch(folder).started("e0"))
    os.kill(engine, signal.SIGKILL)
    os.waitpid(engine, 0)
    state = state_of(folder)
    assert state.running and state.sandbox == "full"
    engine = start(folder)
    Watch(folder).wait(lambda state: len(facts(folder, SandboxProbed)) == 2, "the second engine")
    (folder / "trees" / "0" / "gate").touch()
    wait_for_end(engine)
    runs = state_of(folder).experiments["e0"].runs
    assert [(run.n, run.metric) for run in runs][:1] == [(1, 100.0)]


def test_the_walls_are_tried_once_and_again_for_another_network(exact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def tried(python: str, env: dict[str, str], *, network: bool) -> Sandbox:
        asked.append(network)
        return Sandbox("none", {})

    class Fake:
        class program:
            class constraints:
                network = "setup"

        class state:
            researcher, unsandboxed = "sweep", False

        class record:
            write = staticmethod(lambda fact: None)

        interpreter = "python"
        inherited = staticmethod(dict)

    monkeypatch.setattr(sandbox, "check", tried)

    async def settle() -> None:
        confinement = Confinement()
        await asyncio.gather(confinement.settle(Fake), confinement.settle(Fake))  # type: ignore[arg-type]
        Fake.program.constraints.network = "run"
        await confinement.settle(Fake)  # type: ignore[arg-type]

    asyncio.run(settle())
    assert asked == [False, True]
