"""What a person can get wrong: one clear message, the documented exit code, no traceback, and nothing lost."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from praxtui.cli.verbs import VERBS
from tests.cli.place import Inside, Place
from tests.making import git

RUN = ("run", "leaf", "--researcher", "null", "--experiments", "1", "--name", "c")
Change = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place where everything is refused before a campaign exists, so that no process need be started."""
    return Inside(tmp_path_factory.mktemp("at") / "place")


def untouched(place: Place) -> bool:
    """Whether no campaign was made."""
    return not place.home.joinpath("campaigns").exists() or not list(place.home.joinpath("campaigns").iterdir())


# --- before there is a campaign ---------------------------------------------------------------------------------------


def test_an_unknown_leaf_names_the_nearest(at: Place) -> None:
    said = at.refused("run", "ngran")
    assert said.startswith("praxtui: no leaf 'ngran'; did you mean: ngram?\n")
    assert re.search(r"leaves: circles, .*ngram, .*pretrain", said)
    assert "the folder has no program.md" in at.refused("run", str(at.root))


def test_a_program_with_errors_says_all_of_them(at: Place) -> None:
    at.make_leaf(
        "wrong",
        {"metric": {"gaol": "maximize"}, "loop": {"budget": "soon"}, "levers": {"edit": ["nothing*.py"]}},
        {"constraints": {"repeats": "many"}},
    )
    lines = at.refused("run", "wrong").splitlines()
    found = [line.removeprefix("praxtui: ").split(": ", 1) for line in lines if "program.md:" in line]
    assert [place.partition(":")[0] for place, _ in found] == ["wrong/program.md"] * len(found)
    said = "\n".join(lines)
    assert "metric.gaol: unknown key; nearest: metric.goal" in said
    for words in ("loop.budget", '"soon"', "levers.edit", "nothing*.py", "constraints.repeats", '"many"'):
        assert words in said, said
    assert untouched(at)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"loop": {"run": "./absent.sh --fast"}}, ["loop.run", "absent.sh", "a command whose script exists"]),
        ({"levers": {"edit": ["nothing.py"]}}, ["levers.edit", "nothing.py"]),
        ({"levers": {"edit": ["../other/settings.py"]}}, ["levers.edit", "../other/settings.py"]),
        ({"levers": {"edit": ["/etc/passwd"]}}, ["levers.edit", "/etc/passwd"]),
        ({"loop": {"place": "ray"}}, ["not available yet", "loop.place: local"]),
        ({"loop": {"slots": 4}}, ["not available yet", "loop.slots: 1"]),
    ],
)
def test_a_program_that_cannot_run_is_refused(at: Place, change: Change, words: list[str], tmp_path: Path) -> None:
    name = tmp_path.name
    at.make_leaf(name, change)
    said = at.refused("run", name)
    for word in words:
        assert word in said
    assert untouched(at)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"loop": {"run": "no-such-program x"}},
            ["loop.run: no-such-program is not on PATH", "install no-such-program"],
        ),
        ({"loop": {"requires": ["no_such_package"]}}, ["package no_such_package", "pip install no_such_package"]),
        ({"constraints": {"secrets": ["NO_SUCH_SECRET"]}}, ["NO_SUCH_SECRET", "export NO_SUCH_SECRET=..."]),
        ({"loop": {"gpus": 99}}, ["99 GPUs", "loop.gpus: auto"]),
    ],
)
def test_what_is_missing_is_said_with_its_fix(at: Place, change: Change, words: list[str], tmp_path: Path) -> None:
    name = tmp_path.name
    at.make_leaf(name, change)
    said = at.refused("run", name, code=3)
    assert said.startswith(f"praxtui: {name} is not ready to run:\n")
    for word in words:
        assert word in said or "uv pip install" in said
    assert f"praxtui doctor {name}" in said
    assert words[0] in at.praxtui("doctor", name, code=3).stdout
    assert untouched(at)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("loop.budget=abc", '--set loop.budget: found "abc"; valid: a positive duration'),
        ("constraints.repeats=-1", "--set constraints.repeats: found -1"),
        ("metric.deterministic=perhaps", '--set metric.deterministic: found "perhaps"; valid: true or false'),
        ("lop.budget=9s", "--set lop.budget: unknown key; nearest: loop.budget"),
        ("budget", "--set 'budget' is not block.key=value"),
        ("=3", "--set '=3' is not block.key=value"),
        ("levers.edit=[nothing.py]", "nothing.py"),
    ],
)
def test_a_wrong_override_is_refused(at: Place, given: str, words: str) -> None:
    assert words in at.refused("run", "leaf", "--set", given)
    assert untouched(at)


def test_a_program_that_is_no_text_is_refused(at: Place) -> None:
    leaf = at.make_leaf("binary")
    leaf.joinpath("program.md").write_bytes(b"---\nmetric: {name: \xff\xfe}\n---\n")
    for verb in ("run", "doctor"):
        said = at.refused(verb, "binary")
        assert "binary/program.md: not UTF-8 text (byte 19)" in said
        assert "save the file as UTF-8" in said
    assert "not UTF-8 text" in at.praxtui("leaves").stdout + at.praxtui("doctor", "binary", code=2).stderr


@pytest.mark.parametrize("name", ["../x", "a b", ".hidden", "a..b", "a.lock", "", "x" * 65])
def test_a_name_that_git_or_a_folder_cannot_bear_is_refused(at: Place, name: str) -> None:
    assert "cannot be a campaign's id" in at.refused("run", "leaf", f"--name={name}")
    assert untouched(at)


def test_a_name_that_is_taken_is_refused(place: Place) -> None:
    place.finished("c", 0)
    assert "choose another --name" in place.refused(*RUN)
    # A home of another person on the same leaf: its branch is there.
    said = place.refused(*RUN, PRAXTUI_HOME=str(place.root / "other"))
    assert "the leaf has a branch praxtui/c already" in said


def test_an_unknown_campaign_to_learn_from_is_refused(at: Place) -> None:
    assert "no campaign 'zzz'" in at.refused("run", "leaf", "--after", "zzz")
    assert untouched(at)


def test_what_comes_later_is_said_so(at: Place) -> None:
    assert "not available yet: " in at.refused("run", "leaf", "--researcher", "sweep", "--slots", "2")
    assert "no researcher 'swep'; did you mean: sweep?" in at.refused("run", "leaf", "--researcher", "swep")


# --- the home --------------------------------------------------------------------------------------------------------


def test_a_file_in_the_place_of_the_home(at: Place) -> None:
    at.root.joinpath("file").write_text("")
    for home in ("file", "file/home"):
        said = at.refused(*RUN, PRAXTUI_HOME=str(at.root / home))
        assert said.startswith(f"praxtui: cannot write {at.root / home}: ")
        assert "set PRAXTUI_HOME to a folder that you can write" in said
        assert at.praxtui("list", PRAXTUI_HOME=str(at.root / home)).stdout == ""
        assert at.refused("status", "c", PRAXTUI_HOME=str(at.root / home)).count("\n") == 2


def test_a_home_that_cannot_be_written(at: Place) -> None:
    words = at.command(*RUN)
    if os.geteuid() == 0:  # to root everything is writable
        if shutil.which("setpriv") is None:
            pytest.skip("root cannot be refused, and there is no setpriv to be somebody else")
        words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *words]
    # Not below pytest's folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        home.chmod(0o555)
        os.chmod(folder, 0o755)
        env = {**at.env, "PRAXTUI_HOME": str(home)}
        done = subprocess.run(words, capture_output=True, text=True, env=env, cwd=folder, timeout=120)
        home.chmod(0o755)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"praxtui: cannot write {home}: permission denied\n  set PRAXTUI_HOME to a folder")


# --- the leaf --------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_repository_says_what_to_do(at: Place) -> None:
    at.make_leaf("bare", repository=False)
    said = at.refused("run", "bare", code=3)
    assert "bare is in no git repository; praxtui keeps every experiment as a commit" in said
    assert "git init && git add -A && git commit" in said
    assert untouched(at)


def test_uncommitted_edits_are_measured_listed_and_left_alone(place: Place) -> None:
    place.write("leaf", {"settings.py": "GAIN = 5.0\n\nSPAN = 3\n", "more.txt": "new"})
    before = git(place.leaf, "status", "--porcelain")
    done = place.praxtui(*RUN)
    assert "the leaf has uncommitted edits; e0 includes them: more.txt, settings.py" in done.stdout
    assert place.json("status", "c")["baseline"] == 5.0
    assert git(place.leaf, "status", "--porcelain") == before


def test_a_program_that_is_deleted_meanwhile_changes_nothing(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=2)
    place.running()
    place.leaf.joinpath("program.md").unlink()
    place.kill_engine()
    place.praxtui("resume", "c")
    place.release()
    state = place.when(lambda state: state.ended)
    assert (state.ended, state.counted, len(state.epochs)) == ("finished", 2, 1)


def test_a_program_that_is_spoiled_meanwhile_is_not_taken(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=2)
    place.running()
    place.leaf.joinpath("program.md").write_bytes(b"\xff\xfe")
    place.release()
    state = place.when(lambda state: state.ended)
    assert (state.ended, state.counted, len(state.epochs)) == ("finished", 2, 1)
    noticed = [event.fact.text for event in place.events() if type(event.fact).__name__ == "Noticed"]
    assert len(noticed) == 1
    assert noticed[0].startswith("the edit of program.md is not taken: ")
    assert "not UTF-8" in noticed[0]


def test_a_leaf_that_is_gone_is_a_fault_until_it_is_back(place: Place) -> None:
    place.hold()
    place.begin("c", experiments=1)
    place.running()
    place.kill_engine()
    place.release()
    place.leaf.rename(place.root / "elsewhere")
    done = place.praxtui("resume", "c", "--follow", code=4)
    assert f"the leaf is gone: {place.leaf}" in done.stderr
    place.root.joinpath("elsewhere").rename(place.leaf)
    assert place.praxtui("resume", "c", "--follow").returncode == 0
    assert place.state().counted == 1


# --- what ends a campaign --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "change", "words"),
    [
        ({"evaluate.py": 'print("scores: 3")\nprint("done at last")\n'}, {}, ["`score: VALUE`", "done at last"]),
        ({"evaluate.py": 'print("score: nan")\n'}, {}, ["score is nan"]),
        ({"train.py": 'raise SystemExit("no data here")\n'}, {}, ["run: exit 1", "no data here"]),
        ({}, {"loop": {"timeout": "300ms", "budget": "100ms", "run": "sleep 60"}}, ["timeout"]),
    ],
)
def test_a_baseline_without_a_metric_ends_the_campaign(
    place: Place, files: dict[str, str], change: Change, words: list[str]
) -> None:
    place.make_leaf("crashing", change, files=files)
    done = place.praxtui("run", "crashing", *RUN[2:], code=4)
    assert done.stderr.startswith("praxtui: the baseline gives no metric: ")
    for word in words:
        assert word in done.stderr
    document = place.json("status", "c")
    assert (document["state"], document["exit_code"], document["experiments"]) == ("stopped", 4, 0)
    assert words[0] in document["reason"]


def test_a_setup_that_fails_says_what_it_said_last(place: Place) -> None:
    setup = {"loop": {"setup": "python -I -S prepare.py"}}
    place.make_leaf("unready", setup, files={"prepare.py": 'print("looking")\nraise SystemExit("no corpus found")\n'})
    done = place.praxtui("run", "unready", *RUN[2:], code=4)
    assert "setup failed: `python -I -S prepare.py`: exit 1: no corpus found" in done.stderr
    log = next(place.folder().glob("runs/setup/*/setup.log"))
    assert log.read_text() == "looking\nno corpus found\n"
    assert str(log) in done.stderr
    assert place.json("status", "c")["state"] == "stopped"


def test_a_damaged_journal_is_a_fault(place: Place) -> None:
    place.finished("c", 0)
    journal = place.folder() / "journal.db"
    journal.write_bytes(b"this is no journal" * 1000)
    for words in (["status", "c"], ["ledger", "c"], ["show", "c", "e0"], ["resume", "c"]):
        assert "journal.db is damaged" in place.refused(*words, code=4)
    assert "journal.db is damaged" in place.praxtui("list", code=4).stderr


# --- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_fits_eighty_columns(verb: str, at: Place) -> None:
    out = at.praxtui(verb, "--help").stdout
    assert max(map(len, out.splitlines())) <= 80
    assert VERBS[verb][1] in " ".join(out.split())
