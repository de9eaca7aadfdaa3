"""Where praxtui keeps things: one home for campaigns, leaves and caches, one for settings."""

from __future__ import annotations

import os
from pathlib import Path

from praxtui.errors import UserError

ROOM_BYTES = 1_000_000


def home() -> Path:
    """`PRAXTUI_HOME`, else the platform's user data directory. Not created here."""
    named = os.environ.get("PRAXTUI_HOME")
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("praxtui", appauthor=False)


def short(path: Path) -> str:
    """How a path reads on a screen: `~/...` where it lies in the person's own folder."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


def config_dir() -> Path:
    """Settings and the person's own themes; in PRAXTUI_HOME where that is set, so that one variable isolates all."""
    named = os.environ.get("PRAXTUI_HOME")
    if named:
        return home() / "config"
    from platformdirs import user_config_path

    return user_config_path("praxtui", appauthor=False)


def campaigns_dir() -> Path:
    """The folder that holds one folder a campaign."""
    return home() / "campaigns"


def leaves_dir() -> Path:
    """Working copies of bundled leaves, each a git repository."""
    return home() / "leaves"


def cache_dir() -> Path:
    """Compiler and package caches handed to runs as `PRAXTUI_CACHE`."""
    return home() / "cache"


def data_dir() -> Path:
    """What `loop.setup` makes, one folder a content key, handed to runs as `PRAXTUI_DATA`."""
    return home() / "data"


def bundled_leaves() -> Path:
    """The leaves that come with praxtui: inside the installed package, or beside it in a source checkout."""
    return _bundled("leaves")


def bundled_themes() -> Path:
    """The themes that come with praxtui, found in the same way."""
    return _bundled("themes")


def _bundled(name: str) -> Path:
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def has_room(folder: Path) -> bool:
    """Whether the disk that holds `folder`, or would, has room for a few more small files."""
    left = _disk(folder)
    if left is None:
        return True
    return left.f_bavail * left.f_frsize >= ROOM_BYTES and not (left.f_files > 0 and left.f_favail == 0)


def read_only(folder: Path) -> bool:
    """Whether the file system that holds `folder`, or would, is mounted read-only, as after an error of its disk."""
    found = _disk(folder)
    return found is not None and bool(found.f_flag & os.ST_RDONLY)


def _disk(folder: Path) -> os.statvfs_result | None:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return os.statvfs(folder)
    except OSError:
        return None


def private(path: str | Path, flags: int) -> int:
    """An opener for `open`: what it creates is for its owner alone, whatever the umask."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def make(folder: Path) -> None:
    """Create `folder` with its parents; those of PRAXTUI_HOME, itself included, for its owner alone. Raises OSError."""
    if not folder.is_dir():
        at = home()
        ours = folder == at or at in folder.parents
        if folder.parent != folder:
            make(folder.parent)
        folder.mkdir(mode=0o700 if ours else 0o777, exist_ok=True)


def ensure(folder: Path) -> Path:
    """Create `folder` with its parents, as `make` does; raises UserError when it cannot be written."""
    try:
        make(folder)
    except OSError as error:
        raise UserError(
            f"cannot write {folder}: {error.strerror or error}",
            fix="set PRAXTUI_HOME to a folder that you can write, for example PRAXTUI_HOME=~/praxtui",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(
            f"cannot write {folder}: permission denied",
            fix="set PRAXTUI_HOME to a folder that you can write, for example PRAXTUI_HOME=~/praxtui",
        )
    return folder
