"""A leaf to attack, and a campaign on it whose first experiment does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.making import Script, code, create, ledger, play

FRONT = {"loop": {"run": "python train.py", "evaluate": "python evaluate.py", "setup": "python -I -S prepare.py"}}
FILES = {
    "settings.py": "GUESS = 10.0\n",
    "prepare.py": """\
import json, os
with open(os.path.join(os.environ["PRAXTUI_DATA"], "truth.json"), "w") as file:
    json.dump({"truth": 60.0}, file)
""",
    "train.py": """\
import json, os
settings = {}
with open("settings.py") as file:
    exec(compile(file.read(), "settings.py", "exec"), settings)
os.makedirs("out", exist_ok=True)
with open("out/guess.json", "w") as file:
    json.dump({"guess": settings["GUESS"]}, file)
if "after" in settings:
    settings["after"]()
""",
    "scoring.py": "def score(guess, truth):\n    return 100 - abs(guess - truth)\n",
    "evaluate.py": """\
import json, os
from scoring import score
with open(os.path.join(os.environ["PRAXTUI_DATA"], "truth.json")) as file:
    truth = json.load(file)["truth"]
with open("out/guess.json") as file:
    guess = json.load(file)["guess"]
print("score:", score(guess, truth))
""",
}
Rows = dict[str, dict[str, Any]]
HONEST = 100 - 50 - 1  # what a guess of 9 is worth


def attacked(target: Path, attack: str, counted: int = 3) -> tuple[Rows, Path]:
    """The ledger of a campaign whose first experiment attacks and whose two others are honest, and its folder.

    `counted`: how many of them count towards a budget of experiments, which a void one does not.
    """
    folder = create(target, experiments=counted)
    play(folder, Script(code(attack + "GUESS = 9.0\n"), {"GUESS": 20.0}, {"GUESS": 15.0}))
    return ledger(folder), folder


def unharmed(rows: Rows) -> None:
    """The experiments after the attack have the values that they have without it."""
    assert [(rows[name]["verdict"], rows[name]["metric"]) for name in ("e0", "e2", "e3")] == [
        ("keep", 50.0), ("keep", 60.0), ("discard", 55.0),
    ]  # fmt: skip
