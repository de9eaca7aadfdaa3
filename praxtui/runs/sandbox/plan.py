"""What a stage may see, as bwrap's arguments. Pure: all that is known of the machine comes in as a `Host`.

Nothing is there that is not named: the system's own folders read-only, an empty home, `/tmp` and `/dev/shm`, and what
the stage needs. A mount covers what was mounted above it before, so mounts are ordered by depth, folders first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from msgspec import Struct

from praxtui.runs import seccomp

HOSTNAME = "sandbox"


class Host(Struct, frozen=True, kw_only=True):
    """What the machine and its person have, as absolute paths. `host.look` finds it.

    `system`: folders that are bound read-only, `links`: (link, target) at the root, `kernel`: what of /proc is
    read-only, `masked_files` and `masked_folders`: what in them is nobody's business, `devices`: GPUs and other
    device nodes, `flags`: more walls that this bwrap can make, `filter`: whether it is handed a filter of system
    calls. `home`: the person's. `private`: folders of praxtui and the person that are covered wherever something bound
    holds them. `hosts`: a file that takes the place of /etc/hosts, None where that cannot be. `resolver`: what name
    resolution reads besides. `bwrap` is empty where there is none.
    """

    bwrap: str
    system: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    kernel: tuple[str, ...] = ()
    masked_files: tuple[str, ...] = ()
    masked_folders: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    filter: bool = False
    home: str | None = None
    private: tuple[str, ...] = ()
    hosts: str | None = None
    resolver: tuple[str, ...] = ()


class Needs(Struct, frozen=True, kw_only=True):
    """What one stage needs, as absolute paths that exist.

    `writable`: folders of its own; `sealed`: files in them that are read-only all the same; `readable`: what else it
    reads; `covered`: folders in any of these that appear empty, `blanked`: files that cannot be read. `network`:
    whether it has one.
    """

    cwd: str
    writable: tuple[str, ...]
    readable: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    covered: tuple[str, ...] = ()
    blanked: tuple[str, ...] = ()
    network: bool = False


def argv(host: Host, needs: Needs, command: Sequence[str]) -> tuple[str, ...]:
    """The command line that runs `command` behind these walls. No value of a variable is ever in it."""
    alone = [] if needs.network else ["--unshare-net"]
    # Its own name, so that it says nothing of the machine; a program must be able to look that name up.
    named = ["--hostname", HOSTNAME] if host.hosts and not needs.network else []
    walls = [
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *alone,
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *host.flags,
        *(("--seccomp", str(seccomp.HANDED)) if host.filter else ()),
        *named,
    ]
    # What was made to hold the mounts is no place to write: it would look like success, and be gone.
    end = ["--remount-ro", "/", "--chdir", needs.cwd, "--"]
    return (host.bwrap, *walls, *mounts(host, needs), *end, *command)


def mounts(host: Host, needs: Needs) -> list[str]:
    """The mounts in their order: parents before children, and at one path what hides before what shows."""
    made: list[tuple[str, tuple[str, ...]]] = [("/proc", ("--proc", "/proc")), ("/dev", ("--dev", "/dev"))]
    made += [(path, ("--ro-bind", path, path)) for path in (*host.system, *host.kernel)]
    made += [(link, ("--symlink", target, link)) for link, target in host.links]
    made += [(path, ("--dev-bind-try", path, path)) for path in host.devices]
    made += [(path, ("--tmpfs", path)) for path in ("/dev/shm", "/tmp", "/run", "/var/tmp")]
    shown = (*host.system, *needs.readable)
    if host.home and host.home != "/":
        made.append((host.home, ("--tmpfs", host.home)))
    made += [(path, ("--tmpfs", path)) for path in host.private if within_any(path, shown)]
    if host.hosts and not needs.network:
        made.append(("/etc/hosts", ("--ro-bind", host.hosts, "/etc/hosts")))
    if needs.network:
        made += [(path, ("--ro-bind-try", path, path)) for path in host.resolver]
    made += [(path, ("--ro-bind", path, path)) for path in needs.readable]
    made += [(path, ("--bind", path, path)) for path in needs.writable]
    made += [(path, ("--ro-bind", path, path)) for path in needs.sealed]
    made += [(path, ("--tmpfs", path)) for path in (*host.masked_folders, *needs.covered)]
    made += [(path, ("--ro-bind", "/dev/null", path)) for path in (*host.masked_files, *needs.blanked)]
    # The sort is stable: what comes later in the list covers what came before it at the same path.
    made.sort(key=lambda mount: depth(mount[0]))
    return [word for _, words in made for word in words]


def depth(path: str) -> int:
    """How many folders deep an absolute path is; 0 for the root."""
    return len([part for part in path.split("/") if part])


def within(path: str, folder: str) -> bool:
    """Whether an absolute path is `folder` or lies below it, by name alone."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def within_any(path: str, folders: Sequence[str]) -> bool:
    """Whether a path lies in, or is, any of `folders`."""
    return any(within(path, folder) for folder in folders)


def fewest(paths: Sequence[str]) -> tuple[str, ...]:
    """`paths`, normalised, without those that lie in another of them; sorted."""
    kept: list[str] = []
    for path in sorted({os.path.normpath(path) for path in paths}, key=lambda path: (depth(path), path)):
        if not within_any(path, kept):
            kept.append(path)
    return tuple(sorted(kept))
