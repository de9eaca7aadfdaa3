"""What counts as a new experiment, what as noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.workspace.novelty import (
    change_digest,
    change_key,
    changed_constants,
    is_empty,
    line_count,
    state_key,
)

SOURCE = '''"""Train."""
import os  # system

LR = 1e-3
SEED = 1
NAMES = ("a", 'b')


def step(x):
    """One step."""
    if x > 1:
        return f"{x} steps"
    torch.manual_seed(3)
    return call(x, seed=4,
                width=2)
'''

NOISE = [
    ("1e-3", "0.001"),
    ("'b'", '"b"'),
    ("  # system", ""),
    ("LR = 1e-3", "LR=1e-3   "),
    ("\n\n\n", "\n\n# words\n\n"),
    ('    """One step."""\n', ""),
    ('"""Train."""\n', ""),
    ("SEED = 1", "SEED = 2"),
    ("SEED = 1", "SEED: int = int(os.environ['X'])"),
    ("manual_seed(3)", "manual_seed(5)"),
    ("seed=4", "seed = 99"),
    ("seed=4,\n                width=2", "seed=4, width=2"),
    ('f"{x} steps"', "f'{x} steps'"),
    ("    ", "  "),
    ("\n", "\r\n"),
    ("LR = 1e-3\nSEED = 1", "LR = 1e-3; SEED = 1"),
]

CHANGES = [
    ("1e-3", "2e-3"),
    ("x > 1", "x >= 1"),
    ("'b'", "'c'"),
    ("width=2", "width=3"),
    ("    torch.manual_seed(3)\n    return call", "        torch.manual_seed(3)\n    return call"),
    ("{x} steps", "{x}  steps"),
    ("SEED = 1", "SEED = LR = 1"),
    ("SEED = 1", "SEED = 1; LR = 5"),
    ("import os", "import os, sys"),
    ("SEED = 1", "SEED = 1\nf'{run()}'"),
]


@pytest.mark.parametrize(("old", "new"), NOISE)
def test_noise_is_no_change(old: str, new: str) -> None:
    noisy = SOURCE.replace(old, new)
    assert noisy != SOURCE
    assert is_empty({"train.py": SOURCE}, {"train.py": noisy})
    assert line_count({"train.py": SOURCE}) - line_count({"train.py": noisy}) in (0, 1)


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_changes_are_changes(old: str, new: str) -> None:
    changed = SOURCE.replace(old, new)
    assert changed != SOURCE
    assert not is_empty({"train.py": SOURCE}, {"train.py": changed})


def test_the_key_is_of_the_result_not_of_the_way_there() -> None:
    aim = {"train.py": SOURCE.replace("1e-3", "5"), "new.py": "x = 1\n"}
    one = change_key({"train.py": SOURCE}, dict(aim))
    two = change_key({"train.py": "LR = 7\n", "gone.py": "y\n"}, {**aim, "gone.py": None})
    assert one == two == state_key(aim)
    assert change_key({"train.py": SOURCE, "b.py": "b = 1\n"}, {"b.py": "b = 1 #\n"}) == state_key(
        {"train.py": SOURCE, "b.py": "b = 1\n"}
    )
    assert state_key({"a.py": "x = 1\n"}) != state_key({"b.py": "x = 1\n"})


def test_keys_stay_what_they_were() -> None:
    """Journals hold these keys: a change of the normal form would make every old experiment look new."""
    assert state_key({"train.py": SOURCE, "x.yaml": "a:\n  b: 1\n"}) == ("686750d7bf620230278af2ba544604f9cf19353c")


def test_other_files() -> None:
    assert is_empty({"a.yaml": "a:\n  b:  1\n"}, {"a.yaml": "a:\n\n  b: 1   \n"})
    assert not is_empty({"a.yaml": "a:\n  b: 1\n"}, {"a.yaml": "a:\nb: 1\n"})
    assert is_empty({"a.json": '{"a": [1,2]}'}, {"a.json": '{\n  "a": [1, 2]\n}'})
    assert not is_empty({"a.json": '{"a": 1}'}, {"a.json": '{"a": 2}'})
    assert not is_empty({"a.py": "def ("}, {"a.py": "def (:"})


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_has_a_key(one: str, two: str) -> None:
    for name in ("a.py", "a.json", "a.txt"):
        assert is_empty({name: one}, {name: one})
        assert (state_key({name: one}) == state_key({name: two})) == (
            is_empty({name: one}, {name: two}) and is_empty({name: two}, {name: one})
        )
    line_count({"a.py": one})
    changed_constants({"a.py": one}, {"a.py": two})


def test_changed_constants() -> None:
    before = {
        "a.py": "LR = 1e-3\nA, B = 1, 2\nlower = 1\nif X:\n    DEPTH = 1\nelse:\n    DEPTH = 2\n"
        "def f():\n    LOCAL = 1\n"
    }
    after = {
        "a.py": "LR = 0.001\nA, B = 1, 3\nlower = 2\nif X:\n    DEPTH = 1\nelse:\n    DEPTH = 3\n"
        "def f():\n    LOCAL = 2\nNEW: int = 4\n"
    }
    assert changed_constants(before, dict(after)) == {"B", "DEPTH", "NEW"}
    assert changed_constants(before, {"a.py": None}) == {"LR", "A", "B", "DEPTH"}
    assert changed_constants({"a.py": "LR = 1\n(("}, {"a.py": "LR = 2\n(("}) == {"LR"}
    assert changed_constants({"a.txt": "LR = 1\n"}, {"a.txt": "LR = 2\n"}) == set()


def test_line_count() -> None:
    assert line_count({"a.py": "# c\n\nx = (1,\n     2)  # y\n\n'''doc\ndoc'''\ny = 1\n"}) == 3
    assert line_count({"a.yaml": "# c\na: 1\n\nb: 2\n", "b.py": "x = 1\n"}) == 3


class TestChangeDigest:
    """The key of what a draft changes, whatever it changes it on."""

    def test_the_same_value_reached_from_another_is_the_same_change(self) -> None:
        first = change_digest({"a.py": "LR = 0.1\nB = 1\n"}, {"a.py": "LR = 0.3\nB = 1\n"})
        later = change_digest({"a.py": "LR = 0.2\nB = 7\n"}, {"a.py": "LR  =  3e-1  # more\nB = 7\n"})
        assert first == later is not None

    def test_another_value_another_constant_or_another_file_is_another_change(self) -> None:
        before = {"a.py": "LR = 0.1\nB = 1\n", "b.py": "LR = 0.1\n"}
        drafts = ({"a.py": "LR = 0.3\nB = 1\n"}, {"a.py": "LR = 0.4\nB = 1\n"}, {"a.py": "LR = 0.1\nB = 3\n"},
                  {"b.py": "LR = 0.3\n"}, {"a.py": "LR = 0.3\nB = 3\n"})  # fmt: skip
        assert len({change_digest(before, draft) for draft in drafts}) == len(drafts)

    def test_code_put_in_is_the_same_change_wherever_it_lands(self) -> None:
        first = change_digest({"a.py": "x = 1\ny = 2\n"}, {"a.py": "x = 1\nz = f(x)\ny = 2\n"})
        later = change_digest({"a.py": "x = 1\nw = 9\ny = 2\n"}, {"a.py": "x = 1\nw = 9\nz = f( x )\ny = 2\n"})
        assert first == later is not None

    def test_noise_is_no_change(self) -> None:
        assert change_digest({"a.py": "SEED = 1\nx = 1\n"}, {"a.py": "SEED = 2\nx = 1  # one\n"}) is None
