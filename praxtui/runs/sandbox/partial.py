"""What a stage may see, as Landlock's rules: the rung for machines without a bubblewrap that works.

Landlock knows only what is allowed at and below a path. So a folder with something hidden in it is given as what else
is in it; a writable folder cannot have that, and what is hidden or sealed there needs mounts (`namespaces`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from msgspec import Struct

from praxtui.runs.sandbox.plan import Host, Needs, fewest, within_any
from praxtui.runs.spec import Confine

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
SHARED_MEMORY = "/dev/shm"
# Where sockets of the machine's services lie, and other people's files; with mounts of its own, a program has its own.
OWN = ("/tmp", "/var/tmp", SHARED_MEMORY)
SERVICES = "/run"


class Means(Struct, frozen=True):
    """What the walls are made by: Landlock's ABI, namespaces or a filter of sockets, and whether /proc is opened to
    what a GPU's driver writes there."""

    abi: int
    namespaces: bool
    kernel: bool = False


def confine(host: Host, needs: Needs, means: Means) -> Confine:
    """The walls for one stage. Looks at the file system for what lies beside what is hidden."""
    writes = fewest(_real(needs.writable))
    covered = _real(needs.covered) if means.namespaces else ()
    readable = _real(needs.readable)
    secret = [*host.masked_files, *host.masked_folders, *host.private, *needs.blanked]
    hidden = {*_real([*secret, *(() if means.namespaces else needs.covered)])}
    home = _real([host.home] if host.home and host.home != "/" else [])
    system, _ = allowed(host.system, hidden.union(home))
    # What a person has as a whole in its own right is shown, wherever it lies.
    reads, lists = allowed(readable, hidden.difference(readable))
    resolver = host.resolver if needs.network else ()
    more = ("/proc", *resolver)
    own = [path for path in OWN if os.path.isdir(path)]
    if means.namespaces:
        held = (*writes, *readable, *host.system, *resolver)
        own = [path for path in own if not any(within_any(one, [path]) for one in held)]
        services = [SERVICES] if not any(within_any(one, [SERVICES]) for one in held) and not needs.network else []
        covered = (*(path for path in (*services, *own) if os.path.isdir(path)), *covered)
    sealed = (*needs.sealed, *(host.kernel if means.kernel else ())) if means.namespaces else ()
    shared = [SHARED_MEMORY] if os.path.isdir(SHARED_MEMORY) else []
    return Confine(
        reads=tuple(dict.fromkeys([*system, *(path for path in reads if not within_any(path, writes)), *more])),
        lists=tuple(lists),
        writes=fewest([*writes, *(own if means.namespaces else shared), *shared]),
        devices=(*DEVICES, *host.devices),
        abi=means.abi,
        kernel=means.kernel,
        namespaces=means.namespaces,
        network=needs.network,
        empty=tuple(dict.fromkeys(covered)),
        sealed=sealed,
    )


def allowed(paths: Iterable[str], hidden: Collection[str]) -> tuple[list[str], list[str]]:
    """(what of `paths` can be given as a whole, folders that are given in parts) so that nothing `hidden` is given."""
    whole: list[str] = []
    parts: list[str] = []
    above: set[str] = set()
    for path in hidden:
        while (path := os.path.dirname(path)) not in above:
            above.add(path)
    pending = [path for path in paths if path not in hidden]
    while pending:
        path = pending.pop()
        if path not in above:
            whole.append(path)
            continue
        parts.append(path)
        try:
            entries = list(os.scandir(path))
        except OSError:
            continue  # what cannot be listed here cannot be read there
        # What a link leads to is asked for by its own name, or not at all.
        pending += [entry.path for entry in entries if entry.path not in hidden and not entry.is_symlink()]
    return whole, parts


def _real(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(os.path.realpath(path) for path in paths))
