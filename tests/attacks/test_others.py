"""Levers that try to help or harm other experiments: what they leave anywhere, no later run finds or executes."""

from __future__ import annotations

from pathlib import Path

from tests.making import EXACT, SETTINGS, Script, code, create, git, ledger, make_leaf, play, with_constants

PEEK = """\
import os
scratch = os.path.realpath(os.environ["PRAXTUI_SCRATCH"])
runs = os.path.dirname(os.path.dirname(os.path.dirname(scratch)))
campaign = os.path.dirname(runs)
caches = os.path.join(os.path.dirname(os.path.dirname(campaign)), "cache", os.path.basename(campaign))
def marks():
    own = [os.environ[name] for name in ("PRAXTUI_SCRATCH", "PRAXTUI_CACHE", "TMPDIR", "XDG_CACHE_HOME")]
    return [name for folder in [*own, "."] for _, _, names in os.walk(folder) for name in names if "mark" in name]
"""
# What the evaluator finds in its own folders, it adds to the score, and so does the run.
EVALUATE = """\
import json, os
own = [os.environ[name] for name in ("PRAXTUI_SCRATCH", "PRAXTUI_CACHE", "TMPDIR", "XDG_CACHE_HOME")]
found = [name for folder in [*own, "."] for _, _, names in os.walk(folder) for name in names if "mark" in name]
with open("out/result.json") as file:
    print("score:", 100 + json.load(file)["gain"] + 1000 * len(found))
"""
EVERYWHERE = """
for name in ("e0", "e1", "e2", "e3"):
    for n in ("1", "2", "3"):
        for kind in ("scratch", "scratch-cache", "evaluate-scratch", "evaluate-scratch-cache"):
            for deep in ("", "tmp", "xdg"):
                folder = os.path.join(runs, name, n, kind, deep)
                if os.path.join(name, n) not in scratch:
                    os.makedirs(folder, exist_ok=True)
                    open(os.path.join(folder, "mark"), "w").close()
    for deep in ("", "xdg", "triton", "inductor"):
        folder = os.path.join(caches, name, deep)
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, "mark"), "w").close()
for kind in ("scratch", "scratch-cache"):
    open(os.path.join(runs, os.path.relpath(os.path.dirname(scratch), runs), kind, "mark"), "w").close()
open("mark", "w").close()
"""


def deterministic(folder: Path, **files: str) -> Path:
    quiet = with_constants(SETTINGS, {"SPREAD": 0.0})
    return make_leaf(folder, EXACT, files={"settings.py": quiet, "evaluate.py": EVALUATE, **files})


def test_what_a_run_leaves_no_other_run_finds(home: Path, tmp_path: Path) -> None:
    leaf = deterministic(tmp_path / "leaf")
    found = "GAIN = GAIN + 1000 * len(marks())\n"
    folder = create(leaf, experiments=3)
    play(
        folder,
        Script(
            code("GAIN = -1.0\n" + PEEK + EVERYWHERE),
            code("GAIN = 1.0\n" + PEEK + found),
            code("GAIN = 2.0\n" + PEEK + found),
        ),
    )
    rows = ledger(folder)
    assert [row["metric"] for row in rows.values()] == [100.0, 99.0, 101.0, 102.0]


def test_a_link_in_the_place_of_a_later_runs_folder_leads_nowhere(home: Path, tmp_path: Path) -> None:
    leaf = deterministic(tmp_path / "leaf")
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "precious").write_text("x")
    attack = PEEK + f"os.symlink({str(kept)!r}, os.path.join(runs, 'e2'))\n"
    attack += f"os.makedirs(os.path.join(runs, 'e3'))\nos.symlink({str(kept)!r}, os.path.join(runs, 'e3', '1'))\n"
    folder = create(leaf, experiments=3)
    play(folder, Script(code("GAIN = -1.0\n" + attack), {"GAIN": 1.0}, {"GAIN": 2.0}))
    assert [row["metric"] for row in ledger(folder).values()] == [100.0, 99.0, 101.0, 102.0]
    assert sorted(path.name for path in kept.iterdir()) == ["precious"]


def test_what_a_run_leaves_in_its_tree_is_gone_before_the_next(home: Path, tmp_path: Path) -> None:
    leaf = deterministic(tmp_path / "leaf")
    attack = (
        "import os\nopen('json.py', 'w').write('raise SystemExit(9)')\nos.makedirs('__pycache__', exist_ok=True)\n"
        "open('__pycache__/x.pyc', 'w').close()\nos.chmod('.', 0o500)\nos.rename('train.py', 'moved.py')\n"
        "os.symlink('/etc/hostname', 'train.py')\n"
    )
    folder = create(leaf, experiments=2)
    play(folder, Script(code(attack), {"GAIN": 1.0}))
    rows = ledger(folder)
    assert rows["e1"]["verdict"] == "invalid"
    assert (rows["e2"]["verdict"], rows["e2"]["metric"]) == ("keep", 101.0)


def test_a_run_that_meddles_with_its_worktrees_git_harms_no_other(home: Path, tmp_path: Path) -> None:
    leaf = deterministic(tmp_path / "leaf")
    attack = (
        "import os\nos.unlink('.git')\nos.makedirs('.git/hooks')\n"
        "open('.git/hooks/post-checkout', 'w').write('#!/bin/sh\\ntouch /nowhere')\n"
    )
    folder = create(leaf, experiments=2)
    play(folder, Script(code(attack + "GAIN = -1.0\n"), {"GAIN": 1.0}))
    rows = ledger(folder)
    assert [row["metric"] for row in rows.values()] == [100.0, 99.0, 101.0]
    assert git(leaf, "rev-parse", "praxtui/c").strip() == rows["e2"]["branch_commit"]


def test_an_audit_of_the_base_runs_on_what_the_base_was(home: Path, tmp_path: Path) -> None:
    """A head that could spoil the caches of its base would win every audit."""
    peek = PEEK + "GAIN = GAIN - 1000 * len(marks())\n"
    leaf = make_leaf(tmp_path / "leaf", {"constraints": {"repeats": 2}}, files={"settings.py": SETTINGS + peek})
    folder = create(leaf, experiments=1)
    play(folder, Script(code("GAIN = 2.0\n" + EVERYWHERE)))
    fresh = [run["metric"] for run in ledger(folder)["e0"]["runs"] if run["use"] == "audit"]
    assert fresh
    assert all(99 < metric < 101 for metric in fresh)
