"""Places where `praxtui` is run for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place of the test's own."""
    made = Place(tmp_path / "place")
    yield made
    made.clear()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place of the module, for tests that leave it as it is."""
    made = Place(tmp_path_factory.mktemp("shared") / "place")
    yield made
    made.clear()
