"""Make the corpus: the source text of this Python's standard library, split by the hash of each file's path.

Writes `train.bin`, `evaluation/val.bin` (raw bytes, files joined by a NUL) and, last, `corpus.json` into PRAXTUI_DATA
(by hand: `./data`). What lies in `evaluation/` is for evaluate.py alone: a confined run does not see it. The same
Python gives the same bytes; another version of Python gives another corpus, and other numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from pathlib import Path

DATA = Path(os.environ.get("PRAXTUI_DATA") or Path(__file__).resolve().parent / "data")

VAL_SHARE = 64  # of 256: one file in four is held out
LARGEST_FILE = 200_000  # bytes; a single file must not make up a tenth of the validation text
SMALLEST_CORPUS = 2_000_000  # bytes; less, and the standard library is not there as source
LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
GENERATED = {"encodings", "pydoc_data"}  # tables written by programs, not source written by people


def sources(root: Path) -> list[tuple[str, Path]]:
    """(path relative to `root`, file) of every source file that counts, in the order of the hash of its path."""
    found = []
    for path in root.rglob("*.py"):
        relative = path.relative_to(root)
        if LEFT_OUT.union(GENERATED).intersection(relative.parts) or path.name.startswith("_sysconfigdata"):
            continue
        if path.is_file() and path.stat().st_size <= LARGEST_FILE:
            found.append((relative.as_posix(), path))
    return sorted(found, key=lambda pair: digest(pair[0]))


def digest(name: str) -> bytes:
    return hashlib.sha1(name.encode(), usedforsecurity=False).digest()


def write(path: Path, content: bytes) -> None:
    """Write all of `content` or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def main() -> None:
    marker, held_out = DATA / "corpus.json", DATA / "evaluation"
    if marker.exists() and held_out.is_dir():
        print(f"corpus is ready in {DATA}")
        return
    root = Path(sysconfig.get_paths()["stdlib"])
    splits: dict[str, list[bytes]] = {"train": [], "val": []}
    for name, path in sources(root):
        splits["val" if digest(name)[0] < VAL_SHARE else "train"].append(path.read_bytes())
    texts = {name: b"\0".join(files) for name, files in splits.items()}
    if sum(map(len, texts.values())) < SMALLEST_CORPUS:
        sys.exit(f"prepare.py: no standard library sources under {root}; use a Python that ships its .py files")
    held_out.mkdir(parents=True, exist_ok=True)
    facts: dict[str, str | int] = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name, text in texts.items():
        write((held_out if name == "val" else DATA) / f"{name}.bin", text)
        facts[f"{name}_files"], facts[f"{name}_bytes"] = len(splits[name]), len(text)
        facts[f"{name}_sha256"] = hashlib.sha256(text).hexdigest()
        print(f"{name}: {len(splits[name])} files, {len(text) / 1e6:.2f} MB")
    write(marker, json.dumps(facts, indent=1).encode())


if __name__ == "__main__":
    main()
