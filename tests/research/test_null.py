"""The null researcher: every edit differs, none makes a difference."""

from __future__ import annotations

import ast
import asyncio
import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from praxtui.research.null import Null
from praxtui.research.protocol import GivenUp, Outcome
from tests.research.conftest import LEAF, Recorder, brief, draft, tried

TEXTS = {
    "a.py": LEAF,
    "b.py": 'X = """\nfoo\n"""',
    "c.yaml": "a: 1\nb:\n  - 2 # two\n",
    "d.toml": '[x]\ny = "z"\n',
    "e.json": '{"a": [1, 2]}\n',
    "f.md": "# Title\n\ntext  \n",
    "g.txt": "words\r\nmore words\r\n\r\n",
    "h.cu": "int main() {}\n",
}


@pytest.mark.parametrize("path", TEXTS)
def test_every_variant_differs_and_keeps_the_number_of_lines(path: str) -> None:
    made = [draft(Null(), brief({path: TEXTS[path]}, n)).files[path] for n in range(1, 60)]
    made += [draft(Null(), brief({path: TEXTS[path]}, 1, refusals=("x",) * n)).files[path] for n in (1, 2)]
    assert len({TEXTS[path], *made}) == len(made) + 1
    assert all(text is not None and text.count("\n") == TEXTS[path].count("\n") for text in made)


@pytest.mark.parametrize("path", TEXTS)
def test_marks_do_not_pile_up(path: str) -> None:
    first = draft(Null(), brief({path: TEXTS[path]}, 1)).files[path]
    assert first is not None
    second = draft(Null(), brief({path: first}, 2)).files[path]
    assert second == draft(Null(), brief({path: TEXTS[path]}, 2)).files[path]


def test_nothing_that_means_something_changes() -> None:
    marked = {path: str(draft(Null(), brief({path: text})).files[path]) for path, text in TEXTS.items()}
    for path in ("a.py", "b.py"):
        assert ast.dump(ast.parse(marked[path])) == ast.dump(ast.parse(TEXTS[path]))
    yaml = YAML(typ="safe", pure=True)
    assert yaml.load(marked["c.yaml"]) == yaml.load(TEXTS["c.yaml"])
    assert tomllib.loads(marked["d.toml"]) == tomllib.loads(TEXTS["d.toml"])
    assert json.loads(marked["e.json"]) == json.loads(TEXTS["e.json"])
    assert [line.rstrip() for line in marked["g.txt"].splitlines()] == TEXTS["g.txt"].splitlines()


@given(
    st.lists(st.sampled_from(["X = 1", "# note", "", "y = 'a'", "z = '''", "'''", "if X:", "    pass", "f(\\", ")"]))
)
def test_python_means_the_same_or_is_left_alone(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        before = ast.dump(ast.parse(text))
    except SyntaxError:
        return
    try:
        marked = draft(Null(), brief({"a.py": text})).files["a.py"]
    except GivenUp:
        return
    assert marked is not None and ast.dump(ast.parse(marked)) == before


@pytest.mark.parametrize(
    "levers",
    [
        {"run.sh": "cat <<EOF\nEOF"},
        {"a.csv": "1,2\n"},
        {"a.yaml": "a: |\n  text\n"},
        {"a.py": "x = (\n"},
        {"a.py": ""},
        {},
    ],
)
def test_gives_up_where_no_mark_is_safe(levers: dict[str, str]) -> None:
    with pytest.raises(GivenUp, match=r"null changes nothing in .*files that it can mark: .*\.py"):
        draft(Null(), brief(levers))


def test_takes_the_first_lever_that_can_be_marked() -> None:
    assert list(draft(Null(), brief({"a.csv": "1\n", "b.py": "X = 1\n", "c.py": "Y = 1\n"})).files) == ["b.py"]


def test_is_exempt_from_novelty_and_expects_nothing() -> None:
    assert Null().exempt_from_novelty
    made = draft(Null(), brief())
    assert made.predicted == "no difference"
    outcome = Outcome(experiment=tried(1, made, 0.001), verdict="discard", delta=0.001, delta_sd=0.1)
    assert asyncio.run(Null().reflect(brief(), outcome, Recorder())).mechanism == "inconclusive"
