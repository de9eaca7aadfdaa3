"""What is settled before the cockpit opens."""

from __future__ import annotations

import pytest

from praxtui.tui.start import mouse_works


@pytest.mark.parametrize(
    ("environment", "works"),
    [
        ({}, True),
        ({"STY": "4711.pts-0.box"}, False),
        ({"STY": "4711.pts-0.box", "TMUX": "/tmp/tmux-0/default,1,0"}, False),
        ({"TMUX": "/tmp/tmux-0/default,1,0"}, True),
    ],
    ids=["a terminal", "screen", "screen and tmux", "tmux"],
)
def test_the_mouse_is_left_alone_where_it_would_cost_escape(environment: dict[str, str], works: bool) -> None:
    assert mouse_works(environment) is works
