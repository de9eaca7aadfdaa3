"""Which sealed files are made read-only, and how: one by one, or by the folder where there are many."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence

from praxtui.runs.sandbox.plan import fewest, within_any

SINGLY = 40  # files up to which each is bound by itself: 6 ms by bubblewrap, whose mounts cost more the more there are
MOST = 400  # mounts, of files and whole folders: 300 take 180 ms. Beyond, changes are seen after the run


def bound(sealed: Sequence[str], hidden: Sequence[str] = ()) -> tuple[str, ...]:
    """What to make read-only so that the files `sealed`, absolute paths, are: plain files, not under what is `hidden`.

    Many are bound as the folders that hold nothing else, links and ignored caches among it: nothing can be put beside
    them then, either. In the order given, which is how important they are.
    """
    plain = [path for path in sealed if not os.path.islink(path) and os.path.isfile(path)]
    plain = [path for path in plain if not within_any(path, hidden)]
    if len(plain) <= SINGLY:
        return tuple(plain)
    whole = fewest(_whole(plain, hidden))
    rest = [path for path in plain if not within_any(path, whole)]
    return (*whole, *rest)[:MOST]


def _whole(plain: Sequence[str], hidden: Sequence[str]) -> list[str]:
    """The folders of which every file is in `plain`; deepest first, since a folder is whole only if those in it are."""
    known = set(plain)
    below: defaultdict[str, int] = defaultdict(int)
    for path in plain:
        below[os.path.dirname(path)] += 1
    found: set[str] = set()
    pending = sorted(below, key=lambda folder: folder.count("/"), reverse=True)
    for folder in pending:
        if below[folder] < 2 or folder in hidden:
            continue
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        if all(entry.path in known or (entry.path in found and not entry.is_symlink()) for entry in entries):
            found.add(folder)
    return sorted(found)
