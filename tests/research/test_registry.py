"""Researchers by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from praxtui.errors import UserError
from praxtui.research.protocol import Researcher
from praxtui.research.registry import make


@pytest.mark.parametrize("name", ["sweep", "null"])
def test_makes_researchers(name: str) -> None:
    made = make(name)
    assert isinstance(made, Researcher)
    assert made.name == name


def test_says_what_is_not_available_or_not_known() -> None:
    with pytest.raises(UserError, match=r"not available yet: the llm researcher .*--researcher sweep"):
        make("llm", model="x")
    with pytest.raises(UserError, match=r"unknown researcher 'swep'; did you mean: sweep"):
        make("swep")
    with pytest.raises(UserError, match="takes no model"):
        make("sweep", model="x")


def test_the_protocol_and_the_registry_import_nothing_heavy() -> None:
    code = (
        "import sys, praxtui.research.protocol, praxtui.research.registry\n"
        "print([m for m in ('optuna', 'libcst', 'numpy', 'ruamel') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
