"""What a command line cannot mean is said in one line, with what would be valid."""

from __future__ import annotations

import argparse
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.cli.arguments import MOST, SEED_MOST, Parser, amount, one_of, or_none, whole
from praxtui.cli.main import main
from praxtui.errors import UserError

SAID = [
    ("run x --experiments -3", "--experiments: -3 is not a whole number of at least 0"),
    ("run x --experiments 2.5", "--experiments: 2.5 is not a whole number of at least 0"),
    ("run x --experiments", "--experiments: its value is missing"),
    ("run x --hours soon", "--hours: soon is not a number of at least 0"),
    ("run x --hours nan", "--hours: nan is not a number of at least 0"),
    ("run x --hours inf", "--hours: inf is not a number of at least 0"),
    ("run x --usd -1", "--usd: -1 is not a number of at least 0, or none"),
    ("run x --tokens 1e3", "--tokens: 1e3 is not a whole number of at least 0"),
    ("run x --slots 0", "--slots: 0 is not a whole number of at least 1"),
    ("run x --lookahead -1", "--lookahead: -1 is not a whole number of at least 0"),
    ("run x --seed -1", f"--seed: -1 is not a whole number of at least 0 and at most {SEED_MOST}"),
    ("run x --seed 99999999999999999999", f"at least 0 and at most {SEED_MOST}"),
    ("run x --autonomy revew", "--autonomy: revew is not auto or review; did you mean: review?"),
    ("run x --exper 3", "unknown option: --exper; did you mean: --experiments"),
    ("run x --detatch", "unknown option: --detatch; did you mean: --detach"),
    ("run", "missing: LEAF"),
    ("run a b", "too many words: b"),
    ("status", "missing: ID"),
    ("show c", "missing: eN"),
    ("show c e1 --diff --log", "--log: cannot be combined with --diff"),
    ("hint c", "missing: TEXT"),
    ("keep c", "missing: eN"),
    ("budget c --experiments x", "--experiments: x is not a whole number of at least 0, or none"),
    ("autonomy c never", "auto|review: never is not auto or review"),
    ("new ngram", "missing: DIR"),
]


@pytest.mark.parametrize(("words", "said"), SAID, ids=[words for words, _ in SAID])
def test_a_wrong_word_is_one_clear_message(
    words: str, said: str, tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path / "home"))
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    message, fix = err.splitlines()
    assert message.startswith("praxtui: ")
    assert said in message
    assert fix == f"  `praxtui {words.split()[0]} --help` shows what it takes"
    assert not (tmp_path / "home").exists()


@given(st.text(max_size=20) | st.integers().map(str) | st.floats().map(str))
def test_numbers_are_read_or_refused(text: str) -> None:
    for read in (whole(), whole(1, SEED_MOST), amount):
        try:
            value = read(text)
        except argparse.ArgumentTypeError as refused:
            value, said = 0, str(refused)
        else:
            said = f"{text} is not a number"
        assert said.startswith(f"{text} is not a ")
        assert 0 <= value <= MOST or (read is amount and 0 <= value < math.inf)


def test_none_is_a_word_of_its_own() -> None:
    assert or_none(amount)("none") == "none"
    assert or_none(amount)("1.5") == 1.5
    assert or_none(whole())("3") == 3
    with pytest.raises(argparse.ArgumentTypeError, match="x is not a number of at least 0, or none"):
        or_none(amount)("x")
    with pytest.raises(argparse.ArgumentTypeError, match="None is not a or b"):
        one_of("a", "b")("None")


def test_options_in_two_spellings_are_named_once() -> None:
    parser = Parser(prog="praxtui probe")
    parser.add_argument("-n", "--number", type=whole())
    assert parser.read(["-n", "2"]).number == 2
    with pytest.raises(UserError, match="-n: x is not a whole number") as raised:
        parser.read(["-n", "x"])
    assert raised.value.message == "-n: x is not a whole number of at least 0"
