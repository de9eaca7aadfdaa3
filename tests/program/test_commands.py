"""Commands: plain ones by words, shell ones by a shell, `python` is the chosen interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

from praxtui.errors import UserError
from praxtui.program.commands import argv, module, script, words

PY = "/opt/my env/bin/python"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python train.py", [PY, "train.py"]),
        ("python3 train.py --name 'a b'", [PY, "train.py", "--name", "a b"]),
        ("./train.sh fast", ["./train.sh", "fast"]),
        ("python3.12 x.py", ["python3.12", "x.py"]),
        ("torchrun --nproc 2 python", ["torchrun", "--nproc", "2", "python"]),
        ("python a.py | tee log", ["/bin/sh", "-c", "'/opt/my env/bin/python' a.py | tee log"]),
        ("cd src && make", ["/bin/sh", "-c", "cd src && make"]),
        ("LR=3 python a.py", ["/bin/sh", "-c", "LR=3 python a.py"]),
        ("pythonic a.py > log", ["/bin/sh", "-c", "pythonic a.py > log"]),
        ("echo $HOME", ["/bin/sh", "-c", "echo $HOME"]),
    ],
)
def test_argv(command: str, expected: list[str]) -> None:
    assert argv(command, PY) == expected


@pytest.mark.parametrize("command", ["", "   ", "python 'train.py", 'echo "', "x \\"])
def test_commands_that_cannot_be_split(command: str) -> None:
    with pytest.raises(UserError):
        argv(command, PY)


def test_quotes_mean_the_same_with_and_without_a_shell() -> None:
    for command in ("python -c 'print(\"a  b\")'", "python -c 'print(\"a  b\")' | cat"):
        said = subprocess.run(argv(command, sys.executable), capture_output=True, text=True, check=True)
        assert said.stdout == "a  b\n"


@pytest.mark.parametrize(
    ("command", "file", "named"),
    [
        ("python train.py --x", "train.py", None),
        ("python -u -X dev sub/train.py", "sub/train.py", None),
        ("python -m pkg.train -m x", None, "pkg.train"),
        ("python train.py -m x", "train.py", None),
        ("python -c 'x'", None, None),
        ("python", None, None),
        ("sh run.sh", "run.sh", None),
        ("sh -c 'x y'", None, None),
        ("./run.sh a", "./run.sh", None),
        ("LR=3 python a.py | tee b.py", "a.py", None),
        ("make all", None, None),
        ("/usr/bin/env true", None, None),
        ("echo 'unbalanced", None, None),
    ],
)
def test_what_a_command_executes(command: str, file: str | None, named: str | None) -> None:
    assert (script(command), module(command)) == (file, named)


def test_words_stop_at_operators() -> None:
    assert words("A=1 make -j 2 && rm x") == ["make", "-j", "2"]
    assert words("") == []
