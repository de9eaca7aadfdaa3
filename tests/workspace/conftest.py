"""Real git repositories, made with git itself, that the workspace must serve without touching what is the person's."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]


@pytest.fixture(autouse=True)
def _own_git_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("git-home")
    (home / ".gitconfig").write_text(
        "[user]\nname = Person\nemail = person@example.org\n[init]\ndefaultBranch = main\n[gc]\nauto = 0\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [name for name in os.environ if name.startswith("GIT_") and name != "GIT_CONFIG_NOSYSTEM"]:
        monkeypatch.delenv(name)


def run_git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout


@pytest.fixture
def git() -> Git:
    return run_git


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


LEAF = {
    "program.md": "---\n---\n",
    "train.py": "LR = 0.1\nSEED = 1\nprint(LR)\n",
    "evaluate.py": "print('val: 1')\n",
    "models/net.py": "WIDTH = 4\n",
    ".gitignore": "*.log\nout/\n__pycache__/\n",
}


@pytest.fixture
def leaf(tmp_path: Path) -> Path:
    """A leaf at the top of a repository with one commit."""
    folder = tmp_path / "leaf"
    write(folder, LEAF)
    run_git(folder, "init", "-q")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-q", "-m", "first")
    return folder


@pytest.fixture
def inner_leaf(tmp_path: Path) -> Path:
    """A leaf two folders down in a larger repository."""
    root = tmp_path / "large"
    write(root, {"README.md": "large\n", "common/util.py": "x = 1\n"})
    write(root / "leaves" / "inner", LEAF)
    run_git(root, "init", "-q")
    run_git(root, "add", "-A")
    run_git(root, "commit", "-q", "-m", "first")
    return root / "leaves" / "inner"


def snapshot(root: Path) -> dict[str, str]:
    """Everything that is the person's: files byte for byte, index, HEAD, stash, logs, and refs but praxtui's."""
    seen: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        if Path(folder).name == ".git":
            folders[:] = []
            for name in ("index", "HEAD", "config", "MERGE_HEAD", "ORIG_HEAD", "logs/HEAD", "logs/refs/stash"):
                file = Path(folder) / name
                seen[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "absent"
            continue
        for name in [*names, *folders]:
            file = Path(folder) / name
            if name == ".git":  # its own times move with every ref
                continue
            info = file.lstat()
            content = os.readlink(file) if file.is_symlink() else file.read_bytes() if file.is_file() else b""
            seen[str(file)] = f"{info.st_mode} {info.st_mtime_ns} {info.st_ino} {content!r}"
    refs = run_git(root, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    seen["refs"] = "\n".join(line for line in refs if "praxtui/" not in line)
    return seen
