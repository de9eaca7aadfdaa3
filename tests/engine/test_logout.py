"""What a logout does to an engine: settings of logind as they are really written, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from praxtui.engine import logout
from praxtui.engine.logout import Kills, Surroundings, in_user_manager, parse_files, parse_linger, parse_properties

SHIPPED = """\
#  This file is part of systemd.
[Login]
#NAutoVTs=6
#KillUserProcesses=no
#KillOnlyUsers=
#KillExcludeUsers=root
#InhibitDelayMaxSec=5
"""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("b false\nas 0\nas 0\n", Kills(False, (), None)),
        ("b true\nas 0\nas 1 \"root\"\n", Kills(True, (), ("root",))),
        ('b false\nas 2 "ada" "bob"\nas 0\n', Kills(False, ("ada", "bob"), None)),
        ("b true\n", None),
        ("b maybe\nas 0\nas 0\n", None),
        ('b true\nas 2 "ada"\nas 0\n', None),
        ("b true\nas x\nas 0\n", None),
        ('b true\nas 1 "ada\nas 0\n', None),
        ("b true\n\nas 0\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_logind_answers_is_read(said: str, found: Kills | None) -> None:
    assert parse_properties(said) == found


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([SHIPPED], Kills()),
        ([SHIPPED, "[Login]\nKillUserProcesses=yes\n"], Kills(True)),
        (["[Login]\nKillUserProcesses = On\n", "[Login]\nKillUserProcesses=0\n"], Kills(False)),
        (["[Other]\nKillUserProcesses=yes\n"], Kills()),
        (["[Login]\nKillOnlyUsers=ada bob\nKillOnlyUsers=eve\n"], Kills(only=("ada", "bob", "eve"))),
        (["[Login]\nKillOnlyUsers=ada\n", "[Login]\nKillOnlyUsers=\n"], Kills()),
        (["[Login]\nKillExcludeUsers=\n"], Kills(exclude=())),
        (["[Login]\nKillExcludeUsers=ada \\\n bob\n"], Kills(exclude=("ada", "bob"))),
        (["KillUserProcesses=yes\n"], Kills()),
    ],
)
def test_the_files_are_read_as_logind_reads_them(texts: list[str], found: Kills) -> None:
    assert parse_files(texts) == found


@pytest.mark.parametrize(
    ("kills", "user", "killed"),
    [
        (Kills(), "ada", False),
        (Kills(True), "ada", True),
        (Kills(True), "root", False),
        (Kills(True, exclude=()), "root", True),
        (Kills(True, exclude=("ada",)), "ada", False),
        (Kills(True, exclude=("ada",)), "root", True),
        # The list decides alone, whatever the switch says.
        (Kills(False, only=("ada",)), "ada", True),
        (Kills(True, only=("ada",)), "bob", False),
        (Kills(True, only=("ada",), exclude=("ada",)), "ada", False),
    ],
)
def test_who_is_killed(kills: Kills, user: str, killed: bool) -> None:
    assert kills.of(user) is killed


def test_a_drop_in_of_etc_hides_that_of_the_vendor_and_goes_over_the_file(tmp_path: Path) -> None:
    def write(name: str, value: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"[Login]\nKillUserProcesses={value}\n")

    write("usr/lib/systemd/logind.conf", "yes")
    assert logout._kills(tmp_path).processes
    write("etc/systemd/logind.conf", "no")
    assert not logout._kills(tmp_path).processes
    write("usr/lib/systemd/logind.conf.d/50-site.conf", "yes")
    assert logout._kills(tmp_path).processes
    write("etc/systemd/logind.conf.d/50-site.conf", "no")
    assert not logout._kills(tmp_path).processes
    write("run/systemd/logind.conf.d/60-today.conf", "yes")
    assert logout._kills(tmp_path).processes


def test_linger_and_the_place_of_a_process_are_read() -> None:
    assert [parse_linger(text) for text in ("Linger=yes\n", "Linger=no\n", "Failed to get user\n")] == [
        True, False, None,
    ]  # fmt: skip
    desktop = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/x.scope\n"
    assert in_user_manager(desktop)
    assert not in_user_manager("0::/user.slice/user-1000.slice/session-3.scope\n")
    assert not in_user_manager("12:pids:/\n0::/\n")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Surroundings("ada"), ""),
        (Surroundings("ada", linger=False, manager=True), ""),
        (Surroundings("ada", linger=True, manager=True, session_killed=True, in_manager=True), ""),
        (Surroundings("ada", linger=True, manager=False, in_manager=True), ""),
        (Surroundings("ada", linger=False, manager=True, session_killed=True), "sudo loginctl enable-linger ada;"),
        (Surroundings("ada", linger=False, manager=True, in_manager=True), "loginctl enable-linger, or: sudo"),
        (Surroundings("ada", linger=True, manager=False, session_killed=True), "export XDG_RUNTIME_DIR=/run/user/"),
        (Surroundings("ada", inside="Slurm job 12", linger=True, manager=True), "ends with Slurm job 12;"),
    ],
)
def test_a_warning_is_one_line_with_the_command_that_helps(where: Surroundings, said: str) -> None:
    warning = where.warning()
    assert said in warning
    assert bool(warning) is bool(said)
    assert "\n" not in warning
    # An engine in a job stays in it: outside of it, it would use what others were given.
    assert not (where.inside and where.as_unit)


def test_jobs_and_containers_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*logout.JOBS, logout.SWITCH):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "proc/1").mkdir(parents=True)
    first = tmp_path / "proc/1/comm"
    first.write_text("systemd\n")
    assert logout.look(tmp_path).inside == ""
    assert logout.look(tmp_path).warning() == ""
    first.write_text("sleep\n")
    assert "first process is sleep" in logout.look(tmp_path).warning()
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    assert logout.look(tmp_path).warning().startswith("the engine ends with Slurm job 4711;")
    monkeypatch.setenv(logout.SWITCH, "fork")
    assert logout.look(tmp_path).warning() == ""
