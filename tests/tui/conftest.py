"""Places and terminals in which the cockpit is used for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.place import Place
from tests.tui.window import Window


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A person's machine, for this test alone."""
    made = Place(tmp_path / "place")
    yield made
    made.clear()


@pytest.fixture
def window(place: Place) -> Iterator[Callable[..., Window]]:
    """Opens `praxtui words` in a terminal window of its own; all are closed in the end."""
    opened: list[Window] = []

    def make(*words: str, columns: int = 120, rows: int = 40, **env: str) -> Window:
        opened.append(Window(place.command(*words), {**place.env, **env}, place.root, columns, rows))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
