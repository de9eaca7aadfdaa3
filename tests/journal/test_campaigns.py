from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.errors import UserError
from praxtui.journal.campaigns import WELL_FORMED, campaigns, checked, create, created, find, ids
from praxtui.journal.store import Journal

NOON = time.mktime((2026, 11, 22, 12, 0, 0, 0, 0, -1))


def made(home: Path, name: str | None = None, now: float | None = None) -> Path:
    folder = create(name, home=home, now=now)
    Journal.create(folder).close()
    return folder


def test_ids_are_the_date_and_letters() -> None:
    found = list(islice(ids(NOON), 26 * 27 + 2))
    assert found[:3] == ["nov22-a", "nov22-b", "nov22-c"]
    assert found[25:28] == ["nov22-z", "nov22-aa", "nov22-ab"]
    assert found[51:54] == ["nov22-az", "nov22-ba", "nov22-bb"]
    assert found[26 * 27 - 1 :] == ["nov22-zz", "nov22-aaa", "nov22-aab"]
    assert next(ids(time.mktime((2026, 3, 5, 12, 0, 0, 0, 0, -1)))) == "mar05-a"


def test_the_next_free_id_is_taken(tmp_path: Path) -> None:
    assert create(home=tmp_path, now=NOON) == tmp_path / "campaigns" / "nov22-a"
    assert create(home=tmp_path, now=NOON).name == "nov22-b"
    assert create(home=tmp_path, now=NOON, taken=["nov22-c", "nov22-e"]).name == "nov22-d"
    assert create(home=tmp_path, now=NOON, taken=["nov22-c", "nov22-e"]).name == "nov22-f"
    assert created(tmp_path / "campaigns" / "nov22-a") == NOON


def test_campaigns_made_at_once_never_share_a_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(lambda _: create(home=tmp_path, now=NOON).name, range(60)))
    assert sorted(names) == sorted(islice(ids(NOON), 60))


def test_of_many_who_want_one_name_one_gets_it(tmp_path: Path) -> None:
    def ask(_: int) -> str:
        try:
            return create("mine", home=tmp_path).name
        except UserError as error:
            return error.message

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(ask, range(16)))
    assert answers == ["mine"] + ["there is a campaign mine already"] * 15


def test_a_name_that_is_a_branch_of_the_leaf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="branch praxtui/mine"):
        create("mine", taken=["mine"], home=tmp_path)


@pytest.mark.parametrize("name", ["a", "Wider-FFN_1", "2026.11", "x" * 64])
def test_good_names(name: str) -> None:
    assert checked(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "-a", "a/b", "a b", "a..b", "a.lock", "a.", "x" * 65, "ä", "a\n", "a@{1}", "~", "_a", "../a"],
)
def test_names_that_no_folder_or_branch_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--name"):
        create(name, home=tmp_path)
    assert not any((tmp_path / "campaigns").iterdir())


@given(st.text(max_size=70))
def test_a_name_is_checked_as_git_checks_it(name: str) -> None:
    import pygit2

    try:
        checked(name)
    except UserError:
        return
    assert pygit2.reference_is_valid_name(f"refs/heads/praxtui/{name}")
    assert WELL_FORMED.fullmatch(name)
    assert Path(name).name == name


def test_campaigns_are_listed_newest_first_and_half_made_ones_not_at_all(tmp_path: Path) -> None:
    assert campaigns(tmp_path) == []
    made(tmp_path, "older", NOON + 1)
    made(tmp_path, "newest", NOON + 3)
    made(tmp_path, "middle", NOON + 2)
    create("half", home=tmp_path)
    (tmp_path / "campaigns" / "stray").write_text("")
    assert [folder.name for folder in campaigns(tmp_path)] == ["newest", "middle", "older"]
    for _ in range(28):
        made(tmp_path, now=NOON + 4)
    assert [folder.name for folder in campaigns(tmp_path)][:3] == ["nov22-ab", "nov22-aa", "nov22-z"]


def test_the_home_is_the_environments_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXTUI_HOME", str(tmp_path))
    folder = create("mine")
    Journal.create(folder).close()
    assert folder == tmp_path / "campaigns" / "mine"
    assert campaigns() == [folder]
    assert find("mine") == folder


def test_a_campaign_is_found_by_its_id_or_the_beginning_of_one(tmp_path: Path) -> None:
    for name in ("nov22-a", "nov22-aa", "nov22-b", "wider"):
        made(tmp_path, name)
    assert find("nov22-a", tmp_path).name == "nov22-a"
    assert find("nov22-b", tmp_path).name == "nov22-b"
    assert find("w", tmp_path).name == "wider"
    with pytest.raises(UserError, match=r"fits several.*nov22-"):
        find("nov", tmp_path)
    with pytest.raises(UserError, match=r"no campaign 'widr'; did you mean: wider\?"):
        find("widr", tmp_path)
    for odd in ("", "..", "../campaigns/wider", "/"):
        with pytest.raises(UserError, match="no campaign"):
            find(odd, tmp_path)


def test_where_there_are_none_yet_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no campaigns yet") as caught:
        find("nov22-a", tmp_path)
    assert re.search(r"praxtui run", str(caught.value))


def test_a_home_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "campaigns").write_text("a file")
    with pytest.raises(UserError, match="cannot write"):
        create(home=tmp_path)
