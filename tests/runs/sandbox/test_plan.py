"""The arguments of bwrap, worked out without it: what covers what, and what is never in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from praxtui.runs.sandbox import host, interpreter
from praxtui.runs.sandbox.links import reached
from praxtui.runs.sandbox.plan import Host, Needs, argv, depth, fewest, mounts, within, within_any

HOST = Host(
    bwrap="/usr/bin/bwrap",
    system=("/usr", "/etc", "/opt"),
    links=(("/bin", "usr/bin"),),
    masked_files=("/etc/shadow",),
    masked_folders=("/etc/ssh",),
    devices=("/dev/nvidia0",),
    home="/home/p",
    private=("/home/p/.local/share/praxtui", "/opt/keys"),
    hosts="/somewhere/hosts",
)
TREE = "/home/p/.local/share/praxtui/campaigns/c/trees/0"
NEEDS = Needs(
    cwd=TREE,
    writable=(TREE, "/home/p/.local/share/praxtui/campaigns/c/runs/e1/1/scratch"),
    readable=("/home/p/src", "/home/p/.local/share/praxtui/data/k"),
    sealed=(f"{TREE}/evaluate.py",),
    covered=("/home/p/.local/share/praxtui/data/k/evaluation", f"{TREE}/evaluation"),
)


def of(words: list[str]) -> list[tuple[str, str]]:
    """(path, how) of each mount, in order."""
    found, at = [], 0
    while at < len(words):
        takes = 2 if words[at] in ("--proc", "--dev", "--tmpfs") else 3
        found.append((words[at + takes - 1], words[at]))
        at += takes
    return found


def how(path: str, needs: Needs = NEEDS, host: Host = HOST) -> list[str]:
    """How a path is mounted, one after the other."""
    return [flag for at, flag in of(mounts(host, needs)) if at == path]


def test_the_command_comes_last_behind_every_wall() -> None:
    words = argv(HOST, NEEDS, ["python", "train.py"])
    assert words[0] == "/usr/bin/bwrap"
    assert words[-3:] == ("--", "python", "train.py")
    walls = {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-net", "--die-with-parent", "--new-session"}
    assert walls <= set(words)
    assert words[words.index("--cap-drop") + 1] == "ALL"
    assert words[words.index("--chdir") + 1] == TREE
    assert words[words.index("--remount-ro") + 1] == "/"
    assert "--setenv" not in words


def test_folders_are_mounted_before_what_lies_in_them() -> None:
    order = [path for path, _ in of(mounts(HOST, NEEDS))]
    assert order == sorted(order, key=depth)
    for early, late in (
        ("/home/p", TREE),
        (TREE, f"{TREE}/evaluate.py"),
        ("/dev", "/dev/nvidia0"),
        ("/dev", "/dev/shm"),
    ):
        assert order.index(early) < order.index(late)


def test_each_thing_is_shown_as_it_is_meant() -> None:
    assert how(TREE) == ["--bind"]
    assert how(f"{TREE}/evaluate.py") == ["--ro-bind"]
    assert how(f"{TREE}/evaluation") == ["--tmpfs"]
    assert how("/home/p") == ["--tmpfs"]
    assert how("/home/p/src") == ["--ro-bind"]
    assert how("/etc/ssh") == ["--tmpfs"]
    assert how("/etc/shadow") == ["--ro-bind"]
    assert how("/dev/nvidia0") == ["--dev-bind-try"]
    assert how("/bin") == ["--symlink"]


def test_what_is_private_is_covered_where_something_bound_holds_it() -> None:
    assert how("/opt/keys") == ["--tmpfs"]
    assert how("/home/p/.local/share/praxtui") == []
    larger = Needs(cwd=TREE, writable=NEEDS.writable, readable=("/home/p/.local",))
    assert how("/home/p/.local/share/praxtui", larger) == ["--tmpfs"]


def test_a_network_is_left_where_it_is_asked_for() -> None:
    words = argv(HOST, Needs(cwd=TREE, writable=(TREE,), network=True), ["true"])
    assert "--unshare-net" not in words
    assert "--hostname" not in words and "/etc/hosts" not in words


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(paths))
def test_fewest_covers_the_same_with_nothing_in_another(given: list[str]) -> None:
    kept = fewest(given)
    assert all(within_any(path, kept) for path in given)
    assert set(kept) <= set(given)
    assert not [one for one in kept for other in kept if one != other and within(one, other)]


def test_names_that_begin_alike_are_not_within() -> None:
    assert within("/a/b", "/a")
    assert within("/a", "/a")
    assert not within("/ab", "/a")
    assert within("/a", "/")


def test_links_are_followed_out_of_data_and_on(tmp_path: Path) -> None:
    for name in ("data/inner", "disk/one", "disk/two", "disk/three"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data" / "link").symlink_to(tmp_path / "disk" / "one")
    (tmp_path / "disk" / "one" / "on").symlink_to("../two")
    (tmp_path / "data" / "inner" / "back").symlink_to("../inner")
    (tmp_path / "data" / "nowhere").symlink_to("/no/such/place")
    found = reached([str(tmp_path / "data")])
    assert found == tuple(str(tmp_path / name) for name in ("data", "disk/one", "disk/two"))


def test_links_of_what_is_hidden_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "data" / "evaluation").mkdir(parents=True)
    (tmp_path / "held").mkdir()
    (tmp_path / "data" / "evaluation" / "link").symlink_to(tmp_path / "held")
    data = str(tmp_path / "data")
    assert reached([data], [f"{data}/evaluation"]) == (data,)
    assert reached([data]) == (data, str(tmp_path / "held"))


def test_many_targets_in_one_folder_are_one_mount(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "disk").mkdir()
    for n in range(100):
        (tmp_path / "disk" / str(n)).touch()
        (tmp_path / "data" / str(n)).symlink_to(tmp_path / "disk" / str(n))
    assert reached([str(tmp_path / "data")]) == (str(tmp_path / "data"), str(tmp_path / "disk"))


def test_an_interpreter_never_shows_a_home_or_the_whole_machine(tmp_path: Path) -> None:
    home = tmp_path / "home"
    packages = home / "env" / "lib"
    packages.mkdir(parents=True)
    told = ["/", str(tmp_path), str(home), str(packages), "/usr/lib/python3", str(home / "gone")]
    assert interpreter.readable("no-such-python", {}, told, ["/usr"], str(home)) == (str(packages),)


def test_variables_name_more_and_the_token_of_a_hub_stays_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("hub", "libs", "more", "hf/hub", "hf/datasets"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "hf" / "token").write_text("secret")
    env = {
        "HF_HOME": str(tmp_path / "hf"),
        "LD_LIBRARY_PATH": f"{tmp_path / 'libs'}::relative",
    }
    monkeypatch.setenv("PRAXTUI_SANDBOX_READ", str(tmp_path / "more"))
    found = interpreter.readable("no-such-python", env, [], ["/usr"], str(tmp_path / "home"))
    assert found == tuple(str(tmp_path / name) for name in ("hf/datasets", "hf/hub", "libs", "more"))


def test_each_link_on_the_way_to_a_program_is_named(tmp_path: Path) -> None:
    for folder in ("env", "python", "real"):
        (tmp_path / folder).mkdir()
    (tmp_path / "real" / "python3").write_text("#!/bin/sh\n")
    (tmp_path / "real" / "python3").chmod(0o755)
    (tmp_path / "python" / "python3").symlink_to("../real/python3")
    (tmp_path / "env" / "python").symlink_to(tmp_path / "python" / "python3")
    names = ("env/python", "python/python3", "real/python3")
    assert list(interpreter.hops(str(tmp_path / "env" / "python"))) == [str(tmp_path / name) for name in names]
    assert list(interpreter.hops("python", str(tmp_path / "env")))[-1] == str(tmp_path / "real" / "python3")
    assert list(interpreter.hops("no-such-python")) == []


def test_what_not_everybody_may_read_is_masked() -> None:
    files, folders = host.masked()
    assert not [path for path in (*files, *folders) if not Path(path).exists()]
    assert not [path for path in files if within_any(path, folders)]
