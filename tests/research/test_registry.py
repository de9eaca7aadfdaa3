"""Researchers by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from praxtui.errors import UserError
from praxtui.research.llm.keys import Keys
from praxtui.research.protocol import Researcher
from praxtui.research.registry import make
from praxtui.settings import Settings


@pytest.mark.parametrize("name", ["sweep", "null"])
def test_makes_researchers(name: str) -> None:
    made = make(name)
    assert isinstance(made, Researcher)
    assert made.name == name


def test_makes_the_model_researcher_from_models_keys_and_settings() -> None:
    made = make("llm", models=("openai/x",), keys=Keys({}), settings=Settings())
    assert isinstance(made, Researcher)
    assert (made.name, made.exempt_from_novelty) == ("llm", False)


def test_says_what_is_not_known() -> None:
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
