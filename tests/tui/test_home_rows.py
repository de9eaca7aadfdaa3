"""What the home screen says of leaves and campaigns."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.program.ready import Missing
from praxtui.tui.screens.home_rows import (
    ORDERS,
    CampaignRow,
    Folder,
    LeafRow,
    ago,
    best_of,
    campaign_cells,
    campaign_columns,
    campaigns_with,
    headline,
    is_inside,
    lack_word,
    leaf_cells,
    leaf_columns,
    lesson,
    next_order,
    ordered,
    readiness,
    state_cell,
    tree,
)


def leaf(name: str, **more: object) -> LeafRow:
    given = {"metric": "val_bpb", "goal": "minimize", "missing": ()}
    return LeafRow(name, Path("/leaves") / name, **{**given, **more})  # type: ignore[arg-type]


def campaign(id: str, **more: object) -> CampaignRow:
    given = {"leaf": "ngram", "state": "finished", "metric": "val_bpb", "goal": "minimize", "best": 2.0}
    return CampaignRow(id, **{**given, **more})  # type: ignore[arg-type]


def words(cells: tuple[object, ...]) -> list[str]:
    return [cell.text for cell in cells]  # type: ignore[attr-defined]


# --- leaves ----------------------------------------------------------------------------------------------------------


def test_a_folder_of_several_leaves_has_a_line_and_one_alone_in_its_folder_has_none() -> None:
    rows = [leaf("tinker/rl"), leaf("ngram"), leaf("tinker/sft"), leaf("mine/only")]
    lines = tree(rows)
    assert [line.name for line in lines] == ["mine/only", "ngram", "tinker", "tinker/rl", "tinker/sft"]
    assert [isinstance(line, Folder) for line in lines] == [False, False, True, False, False]
    assert words(leaf_cells(lines[3], is_inside(rows[0], lines), None))[0] == "  rl"
    assert words(leaf_cells(lines[0], is_inside(rows[3], lines), None))[0] == "mine/only"


def test_a_closed_folder_hides_its_leaves_until_words_look_for_them() -> None:
    rows = [leaf("tinker/rl"), leaf("tinker/sft"), leaf("ngram")]
    assert [line.name for line in tree(rows, {"tinker"})] == ["ngram", "tinker"]
    assert "tinker/rl" in [line.name for line in tree(rows, {"tinker"}, "RL")]


@given(st.lists(st.sampled_from(["a", "b/c", "b/d", "b/e/f", "b/e/g", "h/i"]), unique=True))
def test_every_leaf_stands_once_in_the_tree_and_below_its_folder(names: list[str]) -> None:
    lines = tree([leaf(name) for name in names])
    assert sorted(line.name for line in lines if isinstance(line, LeafRow)) == sorted(names)
    for place, line in enumerate(lines):
        if isinstance(line, LeafRow) and is_inside(line, lines):
            above = [other for other in lines[:place] if isinstance(other, Folder)][-1]
            assert above.name == line.name.rpartition("/")[0]


def test_a_leaf_says_which_way_its_metric_is_better_and_how_far_its_campaigns_got() -> None:
    rows = [campaign("a", best=2.5), campaign("b", best=2.1), campaign("c", best=1.0, metric="loss")]
    best = best_of(leaf("ngram"), rows)
    assert best is not None and best.id == "b"
    assert words(leaf_cells(leaf("ngram", task="Count."), False, best)) == [
        "ngram", "Count.", "val_bpb ↓", "2.1000", "yes"
    ]  # fmt: skip
    upward = leaf("ngram", goal="maximize")
    assert best_of(upward, rows) is None
    assert words(leaf_cells(upward, False, None))[2:4] == ["val_bpb ↑", "-"]


def test_a_campaign_of_another_leaf_with_the_same_name_counts_by_its_folder_too() -> None:
    row = campaign("a", leaf="other", leaf_path="/leaves/ngram", best=1.5)
    assert best_of(leaf("ngram"), [row]) == row


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("package torch", "no torch"),
        ("packages torch, ray", "no torch"),
        ("environment variable TINKER_API_KEY", "no key"),
        ("environment variable DATA_HOST", "no DATA_HOST"),
        ("2 GPUs (no GPU is visible)", "no GPU"),
        ("4 GPUs (2 are visible)", "more GPUs"),
        ("loop.run: node is not on PATH", "no node"),
        ("loop.check: /opt/bin/lint does not exist", "no lint"),
        ("loop.place: not available yet: ray", "not yet"),
        ("interpreter python9: not found", "no Python"),
        ("something new", "not ready"),
    ],
)
def test_what_is_missing_is_said_in_a_word(what: str, word: str) -> None:
    assert lack_word(Missing(what, "")) == word


def test_readiness_names_the_key_that_shows_the_fix() -> None:
    lacks = (Missing("package torch", "pip install torch"), Missing("environment variable HF_TOKEN", ""))
    assert readiness(leaf("a", missing=lacks)).text == "no torch +1  d"
    assert readiness(leaf("a", missing=lacks, faulty=True)).text == "errors  d"
    assert readiness(leaf("a", missing=None)).text == "·"


# --- campaigns -------------------------------------------------------------------------------------------------------


def test_a_row_says_state_gain_and_how_long_since() -> None:
    row = campaign(
        "mar22-a", state="running", phase="running e47", best=1.8, baseline=2.0, improved=1000.0, seconds=18720.0,
        usd=1.83,
    )  # fmt: skip
    said = ["mar22-a", "ngram", "running e47", "1.8000", "-10.0%", "5m", "5h12", "$1.83"]
    assert words(campaign_cells(row, 1300.0)) == said
    assert len(campaign_columns([row])) == len(said)
    assert campaign_cells(row, 1300.0)[4].kind == "good"
    worse = campaign_cells(row._replace(goal="maximize"), 1300.0)[4]
    assert (worse.text, worse.kind) == ("-10.0%", "")


def test_an_estimate_has_a_tilde_and_no_improvement_is_a_dash() -> None:
    cells = words(campaign_cells(campaign("a", estimated=True, baseline=2.0, improved=1.0), 61.0))
    assert cells[3:6] == ["2.0000~", "+0.0%", "1m"]
    assert words(campaign_cells(campaign("a", baseline=2.0), 61.0))[4:6] == ["-", "-"]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (campaign("a", state="running", phase="baseline 2 of 5"), "running: baseline 2 of 5"),
        (campaign("a", state="dead"), "dead: R resumes"),
        (campaign("a", state="paused", phase="paused"), "paused"),
        (campaign("a", state="paused", phase="running e3"), "pausing: running e3"),
        (campaign("a", state="waiting", phase="waiting for approval of e2"), "waiting for approval of e2"),
        (campaign("a", state="finished", tried=1), "finished, 1 try"),
        (campaign("a", state="imported", tried=126), "imported, 126 tries"),
        (campaign("a", state="stopped", tried=0, fault="event 3 is missing"), "stopped, damaged"),
        (campaign("a", state="dead", tried=0, fault="no event can be read"), "damaged"),
    ],
)
def test_the_state_says_what_goes_on_or_what_to_press(row: CampaignRow, text: str) -> None:
    assert state_cell(row).text == text


def test_a_record_that_cannot_be_read_says_so_and_one_not_read_yet_says_nothing() -> None:
    assert words(campaign_cells(CampaignRow("a", fault="no journal"), 0.0))[:3] == ["a", "-", "cannot be read"]
    assert set(words(campaign_cells(CampaignRow("a", read=False), 0.0))[1:]) == {"·"}


def test_the_orders_go_round_and_each_puts_the_right_one_first() -> None:
    rows = [
        campaign("old", created=1.0, usd=None, state="dead", leaf="z", improved=9.0, baseline=4.0, seconds=1.0),
        campaign("new", created=3.0, usd=1.0, state="finished", leaf="m", improved=3.0, baseline=3.0, seconds=5.0),
        campaign("mid", created=2.0, usd=9.0, state="waiting", leaf="a", best=None),
    ]
    firsts = {order: ordered(rows, order)[0].id for order in ORDERS}
    assert firsts == {
        "newest": "new", "state": "mid", "leaf": "mid", "gain": "old", "last improved": "old", "time": "new",
        "cost": "old", "name": "mid",
    }  # fmt: skip
    order, seen = "newest", []
    for _ in ORDERS:
        seen.append(order)
        order = next_order(order)
    assert (seen, order) == (list(ORDERS), "newest")


def test_all_words_must_be_found_in_whatever_case() -> None:
    rows = [campaign("a", phase="running e4", state="running"), campaign("b", leaf="pretrain")]
    assert [row.id for row in campaigns_with("NGRAM running", rows)] == ["a"]
    assert campaigns_with("ngram pretrain", rows) == []
    assert campaigns_with("  ", rows) == rows


def test_the_line_above_counts_who_runs_and_who_waits_for_a_person() -> None:
    rows = [campaign("a", state="running"), campaign("b", state="dead", needs="dead"), campaign("c")]
    assert headline(rows) == "1 running  1 needs you"
    assert headline([]) == "0 running  0 need you"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "now"), (59, "now"), (60, "1m"), (3599, "59m"), (86_400, "24h"), (172_800, "2d")]
)
def test_how_long_since_is_said_in_the_largest_unit(seconds: float, text: str) -> None:
    assert ago(seconds) == text


# --- the lesson ------------------------------------------------------------------------------------------------------


def test_an_empty_screen_says_what_to_press() -> None:
    assert "/a/leaves" in lesson([], [], ["/a/leaves"], True)
    assert "s starts the sweep researcher" in lesson([leaf("a")], [], [], True)
    assert "press s" in lesson([leaf("a")], [], [], False)
    assert lesson([leaf("a")], [campaign("c")], [], False) == ""


def test_a_column_is_as_wide_as_its_names_within_reason() -> None:
    assert leaf_columns([leaf("a" * 15)])[0].width == 15
    assert leaf_columns([leaf("a" * 99)])[0].width == 24
    assert campaign_columns([])[0].width == 10
