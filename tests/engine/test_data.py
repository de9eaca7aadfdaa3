"""The data that runs may read: made once, kept by content, sealed, and mended when a run spoils it."""

from __future__ import annotations

from pathlib import Path

from praxtui.journal.facts import EpochOpened, RunStarted, SetupEnded, SetupStarted
from tests.making import EXACT, SETTINGS, Script, code, create, facts, ledger, make_leaf, play, send, with_constants

QUIET = {"settings.py": with_constants(SETTINGS, {"SPREAD": 0.0})}
SETUP = {"loop": {"setup": "python -I -S prepare.py"}}
PREPARE = """\
import os
with open(os.path.join(os.environ["PRAXTUI_DATA"], "base.txt"), "w") as file:
    file.write("100")
with open("made.txt", "w") as file:
    file.write("by setup")
"""
EVALUATE = """\
import json, os
with open(os.path.join(os.environ["PRAXTUI_DATA"], "base.txt")) as file:
    base = float(file.read())
with open("out/result.json") as file:
    print("score:", base + json.load(file)["gain"])
"""
WRITE = """\
import os
path = os.path.join(os.environ["PRAXTUI_DATA"], "base.txt")
os.chmod(path, 0o644)
with open(path, "w") as file:
    file.write("500")
"""


def data_leaf(folder: Path, prepare: str = PREPARE) -> Path:
    return make_leaf(folder, EXACT, SETUP, files=QUIET | {"prepare.py": prepare, "evaluate.py": EVALUATE})


def test_setup_runs_once_for_its_content(home: Path, tmp_path: Path) -> None:
    leaf = data_leaf(tmp_path / "leaf")
    first, second = create(leaf, name="first", experiments=1), create(leaf, name="second", experiments=1)
    play(first, Script({"GAIN": 1.0}))
    play(second, Script({"GAIN": 1.0}))
    assert (len(facts(first, SetupStarted)), len(facts(second, SetupStarted))) == (1, 0)
    (made,), (found,) = facts(first, SetupEnded), facts(second, SetupEnded)
    assert (made.ok, made.cached, found.ok, found.cached) == (True, False, True, True)
    assert (made.key, made.data) == (found.key, found.data)
    assert not (leaf / "made.txt").exists()
    (leaf / "prepare.py").write_text(PREPARE.replace('"100"', '"200"'))
    third = create(leaf, name="third", experiments=1)
    play(third, Script({"GAIN": 1.0}))
    assert len(facts(third, SetupStarted)) == 1
    assert ledger(third)["e1"]["metric"] == 201.0


def test_a_lever_is_no_content_of_setup(home: Path, tmp_path: Path) -> None:
    leaf = data_leaf(tmp_path / "leaf")
    play(create(leaf, name="first", experiments=0), Script())
    (leaf / "settings.py").write_text(QUIET["settings.py"] + "OWN = 1\n")
    folder = create(leaf, name="second", experiments=0)
    play(folder, Script())
    assert facts(folder, SetupEnded)[0].cached


def test_a_setup_that_fails_stops_the_campaign_with_the_reason(home: Path, tmp_path: Path) -> None:
    leaf = data_leaf(tmp_path / "leaf", "raise SystemExit('no network')\n")
    folder = create(leaf, experiments=1)
    state = play(folder, Script({"GAIN": 1.0}))
    assert (state.ended, state.exit_code) == ("stopped", 4)
    assert state.end_reason.startswith("setup failed: `python -I -S prepare.py`: exit 1: no network")
    assert not facts(folder, RunStarted)
    # Mended, the same campaign goes on; its e0 is the leaf as it was, so the mending has to be a new campaign's.
    (leaf / "prepare.py").write_text(PREPARE)
    again = create(leaf, name="d", experiments=1)
    assert play(again, Script({"GAIN": 1.0})).head == "e1"


def test_a_run_that_writes_into_the_data_is_invalid_and_the_data_is_mended(home: Path, tmp_path: Path) -> None:
    leaf = data_leaf(tmp_path / "leaf")
    folder = create(leaf, experiments=3)
    play(folder, Script(code(WRITE), {"GAIN": 1.0}, {"GAIN": 2.0}))
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("invalid", None)
    assert rows["e1"]["reason"].startswith("the run wrote into the data: ")
    assert "base.txt" in rows["e1"]["reason"]
    assert (rows["e2"]["metric"], rows["e3"]["metric"]) == (101.0, 102.0)
    ended = facts(folder, SetupEnded)
    assert len(ended) == 2
    assert ended[0].data == ended[1].data


def test_data_that_was_spoilt_together_with_its_record_is_mended_too(home: Path, tmp_path: Path) -> None:
    forge = WRITE + (
        "import hashlib, json\nrecord = os.environ['PRAXTUI_DATA'] + '.json'\nknown = json.load(open(record))\n"
        "for entry in known['watch'].values():\n    entry['digest'] = hashlib.sha256(b'500').hexdigest()\n"
        "known['digest'] = 'f' * 64\njson.dump(known, open(record, 'w'))\n"
    )
    folder = create(data_leaf(tmp_path / "leaf"), experiments=2)
    play(folder, Script(code(forge), {"GAIN": 1.0}))
    rows = ledger(folder)
    assert (rows["e1"]["verdict"], rows["e2"]["metric"]) == ("invalid", 101.0)
    assert [path.read_text() for path in (home / "data").glob("*/base.txt")] == ["100"]


def test_data_spoilt_between_two_campaigns_is_made_again(home: Path, tmp_path: Path) -> None:
    leaf = data_leaf(tmp_path / "leaf")
    play(create(leaf, name="first", experiments=0), Script())
    (base,) = (home / "data").glob("*/base.txt")
    base.chmod(0o644)
    base.write_text("500")
    folder = create(leaf, name="second", experiments=1)
    play(folder, Script({"GAIN": 1.0}))
    assert not facts(folder, SetupEnded)[0].cached
    assert ledger(folder)["e1"]["metric"] == 101.0


def test_a_run_that_writes_into_the_leafs_own_data_is_invalid_and_the_campaign_stops_for_its_person(
    home: Path, tmp_path: Path
) -> None:
    own = {"loop": {"data": ["corpus.txt"]}}
    evaluate = EVALUATE.replace('os.path.join(os.environ["PRAXTUI_DATA"], "base.txt")', '"corpus.txt"')
    files = QUIET | {"evaluate.py": evaluate, "corpus.txt": "100", ".gitignore": "out/\ncorpus.txt\n"}
    leaf = make_leaf(tmp_path / "leaf", EXACT, own, files=files)
    folder = create(leaf, experiments=2)
    script = Script(code("open('corpus.txt', 'w').write('500')\n"), {"GAIN": 1.0})
    state = play(folder, script)
    row = ledger(folder)["e1"]
    assert (row["verdict"], row["metric"]) == ("invalid", None)
    assert "corpus.txt" in row["reason"]
    # There is no copy to mend it from: nothing more is measured until it is as it was.
    assert (state.ended, state.exit_code) == ("stopped", 4)
    assert "is not what this epoch was measured with" in state.end_reason
    (leaf / "corpus.txt").write_text("100")
    state = play(folder, script)
    assert (state.ended, ledger(folder)["e2"]["metric"]) == ("finished", 101.0)
    assert len(facts(folder, EpochOpened)) == 1


def test_other_data_of_the_leaf_opens_an_epoch(home: Path, tmp_path: Path) -> None:
    own = {"loop": {"data": ["corpus.txt"]}}
    evaluate = EVALUATE.replace('os.path.join(os.environ["PRAXTUI_DATA"], "base.txt")', '"corpus.txt"')
    files = QUIET | {"evaluate.py": evaluate, "corpus.txt": "100", ".gitignore": "out/\ncorpus.txt\n"}
    leaf = make_leaf(tmp_path / "leaf", EXACT, own, files=files)
    folder = create(leaf, experiments=1)
    script = Script({"GAIN": 1.0}, {"GAIN": 2.0})
    play(folder, script)
    (leaf / "corpus.txt").write_text("300")
    send(folder, "budget", experiments=2)
    state = play(folder, script)
    assert [(epoch.number, epoch.head) for epoch in state.epochs] == [(1, "e0"), (2, "e1")]
    assert (ledger(folder)["e2"]["metric"], ledger(folder)["e2"]["delta"]) == (302.0, 1.0)


def test_scratch_and_cache_are_an_experiments_own_and_empty_at_first(home: Path, tmp_path: Path) -> None:
    peek = (
        "import os\n"
        "for name in ('PRAXTUI_SCRATCH', 'PRAXTUI_CACHE', 'TMPDIR'):\n"
        "    folder = os.environ[name]\n"
        "    marks = [mark for _, _, files in os.walk(folder) for mark in files]\n"
        "    assert not marks, (name, marks)\n"
        "    open(os.path.join(folder, 'mark'), 'w').close()\n"
    )
    leaf = make_leaf(tmp_path / "leaf", EXACT, files=QUIET)
    folder = create(leaf, experiments=2)
    state = play(folder, Script(code(peek + "GAIN = -1.0\n"), code("GAIN = 2.0\n" + peek)))
    assert [ledger(folder)[name]["metric"] for name in ("e1", "e2")] == [99.0, 102.0], state.experiments["e2"].reason
    assert not list((folder / "runs").glob("*/*/scratch"))
    assert not (home / "cache" / "c").exists()
