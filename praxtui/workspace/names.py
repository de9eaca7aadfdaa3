"""Which names may become refs, and which paths a draft may write."""

from __future__ import annotations

import re
import unicodedata

from praxtui.errors import UserError
from praxtui.workspace.refusals import PathRefused

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_GIT_FILES = {".git", ".gitmodules", ".gitattributes", ".gitignore", ".gitconfig", ".mailmap"}
_RESERVED = re.compile(r"head|moved-\d+")
MOST_PARTS = 32
MOST_BYTES = 1000
MOST_BYTES_PART = 200


def campaign_id(name: str) -> str:
    """`name` if it can be part of a ref; else UserError."""
    if not _ID.fullmatch(name) or ".." in name or name.endswith((".", ".lock")):
        raise UserError(
            f"{name!r} cannot be the name of a campaign",
            fix="use letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 100 of them",
        )
    return name


def experiment_ref(campaign: str, experiment: str, replaced: int | None = None) -> str:
    """`refs/praxtui/<campaign>/<experiment>`; with `.<replaced>` for a draft that another took the place of.

    Raises UserError for an impossible name.
    """
    campaign_id(campaign)
    if not _ID.fullmatch(experiment) or "." in experiment or _RESERVED.fullmatch(experiment):
        raise UserError(f"{experiment!r} cannot be the id of an experiment", fix="experiments are called e0, e1, ...")
    return f"refs/praxtui/{campaign}/{experiment}" + (f".{replaced}" if replaced else "")


def branch_name(campaign: str) -> str:
    """The branch of a campaign: `praxtui/<campaign>`."""
    return f"praxtui/{campaign_id(campaign)}"


def writable_path(path: str) -> str:
    """`path`, if a draft may write it: relative, POSIX, inside the leaf, nothing that git or another system
    would read as one of git's own files. Raises PathRefused otherwise."""
    if not path or path.startswith("/") or re.match(r"[A-Za-z]:", path):
        raise PathRefused(f"{path!r} is not a path relative to the leaf")
    if "\\" in path or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in path):
        raise PathRefused(f"{path!r} holds a backslash, a control character or a byte that is not UTF-8")
    parts = path.split("/")
    if (
        len(parts) > MOST_PARTS
        or len(path.encode()) > MOST_BYTES
        or any(len(p.encode()) > MOST_BYTES_PART for p in parts)
    ):
        raise PathRefused(f"{path[:80]!r}... is too long: at most {MOST_PARTS} folders deep and {MOST_BYTES} bytes")
    for part in parts:
        if part in ("", ".", ".."):
            raise PathRefused(f"{path!r} holds an empty part, '.' or '..': give the plain path below the leaf")
        if _reads_as_git(part):
            raise PathRefused(f"{path!r} names one of git's own files")
    return path


def _reads_as_git(part: str) -> bool:
    """Whether some file system takes `part` for `.git` or its kin: NTFS drops trailing dots, spaces and streams and
    knows `git~1`; HFS+ ignores invisible letters. The rules of git's own `verify_path`."""
    visible = "".join(letter for letter in part if unicodedata.category(letter) != "Cf")
    plain = visible.split(":", 1)[0].rstrip(". ").casefold()
    return plain in _GIT_FILES or re.fullmatch(r"git~\d+|gitmod~\d+", plain) is not None
