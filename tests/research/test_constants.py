"""Finding constants in source, and rewriting one of them."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from praxtui.research.constants import Constant, Unchanged, Unreadable, constants, rewrite, unreadable
from praxtui.research.literals import NotLiteral, read, write


def found(text: str) -> dict[str, Constant]:
    return {each.name: each for each in constants({"train.py": text})}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1e-3", 0.001),
        ("-2", -2),
        ("10_000", 10000),
        ("2**16", 65536),
        ("64 * 1024", 65536),
        ("1 / 8", 0.125),
        ("True", True),
        ("'adam'", "adam"),
        ("(0.9, 0.95)", (0.9, 0.95)),
        ("[1, 2, 4]", (1, 2, 4)),
        ("(3)", 3),
        ("0x100", 256),
    ],
)
def test_reads_literals(source: str, value: Any) -> None:
    assert read(source) == value
    assert type(read(source)) is type(value)


@pytest.mark.parametrize(
    "source", ["None", "x", "f(1)", "()", "(1, 'a')", "((1,),)", "1 / 0", "9**9**9", "1e999", "f'a'", "{}"]
)
def test_refuses_what_is_no_setting(source: str) -> None:
    with pytest.raises(NotLiteral):
        read(source)


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (3e-4, "1e-3", "3e-4"),
        (0.0015, "1E-3", "1.5E-3"),
        (0.05, "0.1", "0.05"),
        (20000, "10_000", "20_000"),
        (131072, "2**16", "2**17"),
        (131072, "2 ** 16", "2 ** 17"),
        (70000, "2**16", "70000"),
        (131072, "64 * 1024", "128 * 1024"),
        (1001, "64 * 1024", "1001"),
        (512, "0x100", "0x200"),
        ("gelu", "'relu'", "'gelu'"),
        ('a"b', '"relu"', "'a\"b'"),
        (False, "True", "False"),
    ],
)
def test_writes_in_the_style_of_the_old(value: Any, like: str, text: str) -> None:
    assert write(value, like) == text


numbers = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
styles = st.sampled_from(["1", "1e-3", "0.1", "10_000", "2**16", "64 * 1024", "0x10", "-3", "1 / 8", "1_0.5"])


@given(numbers | st.booleans() | st.text(), styles | st.sampled_from(["'a'", '"a"']))
def test_what_is_written_reads_back(value: Any, like: str) -> None:
    back = read(write(value, like))
    assert back == value
    assert type(back) is type(value)


def test_finds_module_level_constants_only() -> None:
    text = (
        "A = 1\nB: float = 0.5\n_C = 2\nlower = 3\nD = E = 4\nF, G = 1, 2\nH = 1\nH = 2\nI = 1\nI += 1\nJ = 1\n"
        "if A:\n    J = 2\n    K = 3\ndef f():\n    global L\n    L = 2\n    M = 1\nL = 1\nM = 2\nN = None\nO = g(1)\n"
        "P: int\nQ = 1; R = 2\nif __name__ == '__main__':\n    S = 1\n"
    )
    assert list(found(text)) == ["A", "B", "M", "Q", "R"]


def test_leaves_alone_what_only_breaks_or_farms() -> None:
    text = "SEED = 1\nDATA_DIR = 'x'\nVOCAB_SIZE = 5\nBUDGET = 300\nLOG_EVERY = 10\nNAME = 'x'\nAXIS = -1\nLR = 0.1\n"
    assert [name for name, each in found(text).items() if each.left_alone is None] == ["LR"]
    assert "SEED" in str(found(text)["SEED"].left_alone)


@pytest.mark.parametrize(
    "use",
    [
        'if X == "a":\n    pass\nelif "b" != X:\n    pass\n',
        'assert X in ("a", "b")\n',
        'y = {"a": 1, "b": 2}[X]\n',
        'TABLE = {"a": 1, "b": 2}\ny = TABLE[X]\n',
        'def f():\n    return TABLE.get(X)\nTABLE = {"a": 1, "b": 2}\n',
        'match X:\n    case "a" | "b":\n        pass\n',
    ],
)
def test_infers_string_choices_from_use(use: str) -> None:
    assert found('X = "a"\n' + use)["X"].choices == ("a", "b")


@pytest.mark.parametrize(
    ("line", "choices"),
    [
        ('X = "a"  # one of: a, b, c-d', ("a", "b", "c-d")),
        ("X = 'a'  # a | b: what it does, in words", ("a", "b")),
        ('X = "a"  # options: "a" or "b"', ("a", "b")),
        ("X = 64  # one of: 32, 64, 128", (32, 64, 128)),
        ('X = "a"  # one of: b, c', ()),
        ('X = "a"  # not a list', ()),
        ('X = "a"', ()),
    ],
)
def test_infers_choices_from_a_comment(line: str, choices: tuple[Any, ...]) -> None:
    assert found(line + "\n")["X"].choices == choices


def test_says_why_a_file_cannot_be_read_and_reads_the_others() -> None:
    levers = {"a.py": "X = (1\n", "b.py": "Y = 1\n", "c.txt": "Z = 1\n"}
    assert [each.key for each in constants(levers)] == ["b.py:Y"]
    assert "line" in unreadable(levers)["a.py"]
    with pytest.raises(Unreadable):
        rewrite(levers["a.py"], "X", 2)


def test_rewriting_keeps_comments_and_line_ends() -> None:
    text = "\ufeff# top\r\nX = (  # why\r\n    3\r\n)\r\nB = [\r\n  0.9,  # one\r\n  0.95 ,  # two\r\n]\r\n"
    assert rewrite(text, "X", 4) == text.replace("    3\r", "    4\r")
    assert rewrite(text, "B", (0.9, 0.99)) == text.replace("0.95", "0.99")


def test_refuses_another_shape() -> None:
    for name, value in (("X", (1, 2)), ("B", (1,)), ("Y", 1)):
        with pytest.raises(Unchanged):
            rewrite("X = 1\nB = (1, 2)\n", name, value)


literals = st.one_of(
    st.integers(-1000, 10**6).map(str),
    st.integers(1, 20).map(lambda n: f"2**{n}"),
    st.integers(10_000, 10**7).map(lambda n: f"{n:_}"),
    st.floats(1e-8, 1e8).map(repr),
    st.floats(1e-8, 1).map(lambda x: f"{x:.2e}"),
    st.booleans().map(str),
    st.sampled_from(["'a'", '"b"', "( 7 )", "(0.9, 0.95,)", "[1, 2, 3]", "8 * 16", "(\n    1,  # one\n    2.5,\n)"]),
)
fillers = st.sampled_from(
    ["", "# a comment", "import os", "def f(x):\n    return x  # kept", "x = [1,\n  2]", "class A: pass"]
)


@st.composite
def modules(draw: st.DrawFn) -> tuple[str, list[str]]:
    lines, names = [], []
    for number, (literal, filler) in enumerate(draw(st.lists(st.tuples(literals, fillers), min_size=1, max_size=6))):
        note = draw(st.sampled_from(["", ": object"]))
        lines += [filler, f"C{number}{note} = {literal}{draw(st.sampled_from(['', '  # why', ' ;']))}"]
        names.append(f"C{number}")
    return draw(st.sampled_from(["\n", "\r\n"])).join("\n".join(lines).split("\n")), names


def _other(value: Any, new: float) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return (*value[:-1], _other(value[-1], new))
    return int(new) + value + 1 if isinstance(value, int) else value + new + 1.0


def _comments(text: str) -> list[str]:
    return [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]


@settings(max_examples=150, deadline=None)
@given(modules(), st.data(), st.floats(0, 1000))
def test_rewriting_changes_one_assignment_only(module: tuple[str, list[str]], data: st.DataObject, new: float) -> None:
    text, names = module
    name = data.draw(st.sampled_from(names))
    old = found(text)
    assert list(old) == names
    value = _other(old[name].value, new)
    changed = rewrite(text, name, value)
    now = found(changed)
    assert now[name].value == value and type(now[name].value) is type(value)
    before, after = ast.parse(text).body, ast.parse(changed).body
    differ = [b for a, b in zip(before, after, strict=True) if ast.dump(a) != ast.dump(b)]
    assert [ast.unparse(each).split(" =")[0].split(":")[0] for each in differ] == [name]
    assert _comments(changed) == _comments(text)
    assert changed.count("\r\n") == text.count("\r\n") and changed.count("\n") == text.count("\n")
    assert rewrite(changed, name, old[name].value).splitlines()[0] == text.splitlines()[0]
