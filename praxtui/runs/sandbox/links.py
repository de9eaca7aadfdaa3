"""Where links in data lead: what a stage reads through them has to be bound, too."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from praxtui.runs.sandbox.plan import fewest, within, within_any

TOGETHER = 8  # targets in one folder from which on the folder is bound as a whole


def reached(given: Iterable[str], hidden: Sequence[str] = ()) -> tuple[str, ...]:
    """`given` (files and folders) and everything outside them that links in them lead to, as absolute paths.

    Links in and at `hidden` lead nowhere. Many targets in one folder are bound as that folder, unless it holds the
    person's home: each mount costs a little. What is not there is left out.
    """
    whole = [path for path in map(os.path.abspath, given) if os.path.exists(path)]
    found: set[str] = set()
    pending = list(whole)
    while pending:
        path = pending.pop()
        found.add(path)
        # What is bound stands at the path that was asked for, so links in it lead on from there.
        for target in _targets(path, hidden):
            if not within_any(target, (*whole, *found)) and os.path.exists(target):
                pending.append(target)
    return fewest([*whole, *_together(found.difference(whole))])


def _together(paths: Iterable[str]) -> list[str]:
    by_folder: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_folder[os.path.dirname(path)].append(path)
    home = os.path.expanduser("~")
    return [
        path
        for folder, members in by_folder.items()
        for path in ([folder] if len(members) > TOGETHER and not within(home, folder) else members)
    ]


def _targets(top: str, hidden: Sequence[str]) -> Iterator[str]:
    """Where each symbolic link below the folder `top` leads, but for those in `hidden`; links are not followed."""
    pending = [top]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:  # a file, or a folder that nobody here may read
            continue
        for entry in entries:
            if within_any(entry.path, hidden):
                continue
            if entry.is_symlink():
                yield os.path.normpath(os.path.join(os.path.dirname(entry.path), os.readlink(entry.path)))
            elif entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
