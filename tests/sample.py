"""Record the campaign that comes with praxtui: a real one, run here, without anything that names this machine.

    make sample

Runs 25 experiments of the leaf `ngram` with the researcher `sweep` in a home of its own, where a person hints, pauses
and ends a run, and packs journal and logs into praxtui/sample/ngram.tar.xz. Prints what was replaced.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from praxtui.journal.folded import folded
from praxtui.journal.inbox import sender
from praxtui.journal.state import State
from praxtui.journal.store import Journal

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "praxtui" / "sample" / "ngram.tar.xz"
NAME = "sample"
EXPERIMENTS = 25
HOME, PYTHON, PACKAGE, HOST, PERSON = "/home/ada/praxtui", "/usr/bin/python3", "/opt/praxtui", "box", "ada@box:4711"
KEPT = ("run.log", "run.times", "evaluate.log", "evaluate.times", "exit.json")
PATIENCE_S = 600.0


def main() -> int:
    """Record, clean, pack."""
    with tempfile.TemporaryDirectory(prefix="praxtui-sample-") as place:
        folder = record(Path(place))
        clean = cleaner(place)
        clean_journal(folder / "journal.db", clean)
        files = [("created", (folder / "created").read_bytes()), ("journal.db", (folder / "journal.db").read_bytes())]
        files += [(str(path.relative_to(folder)), clean_file(path, clean)) for path in logs(folder)]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(packed(files))
    print(f"{TARGET.relative_to(ROOT)}: {len(files)} files, {TARGET.stat().st_size:,} bytes")
    return check(files, place)


def record(home: Path) -> Path:
    """Run the campaign, and do meanwhile what a person might; its folder."""
    environment = {**os.environ, "PRAXTUI_HOME": str(home)}

    def praxtui(*words: str) -> None:
        subprocess.run([sys.executable, "-m", "praxtui", *words], env=environment, check=True)

    folder = home / "campaigns" / NAME
    run = [sys.executable, "-m", "praxtui", "run", "ngram", "--name", NAME, "--experiments", str(EXPERIMENTS)]
    with subprocess.Popen(run, env=environment) as campaign:
        until(folder, lambda state: state.counted >= 5)
        praxtui("hint", NAME, "smoothing first: the starter adds the same to every count")
        until(folder, lambda state: state.counted >= 11)
        praxtui("pause", NAME)
        until(folder, lambda state: state.paused and not state.running)
        time.sleep(8)
        praxtui("resume", NAME)
        until(folder, lambda state: state.counted >= 17 and bool(state.running))
        praxtui("kill", NAME)
        if campaign.wait(PATIENCE_S):
            raise SystemExit("the campaign did not finish")
    return folder


def until(folder: Path, true: Callable[[State], bool]) -> None:
    """Wait until `true` of the campaign's state."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if (folder / "journal.db").exists():
            with Journal.open(folder) as journal:
                if true(folded(journal)):
                    return
        time.sleep(0.05)
    raise SystemExit("it never came to that")


def logs(folder: Path) -> Iterator[Path]:
    """The files of runs that are kept."""
    return (path for path in sorted(folder.glob("runs/*/*/*")) if path.name in KEPT)


def cleaner(home: str) -> Callable[[str], str]:
    """Replaces what names this machine, its folders and its person."""
    user = re.escape(sender().split("@")[0])
    host = re.escape(socket.gethostname())
    boot = Path("/proc/sys/kernel/random/boot_id")
    pairs = [
        (re.escape(home), HOME),
        (re.escape(sys.executable), PYTHON),
        (re.escape(str(Path(sys.executable).resolve())), PYTHON),
        (re.escape(sys.prefix), PACKAGE),
        (re.escape(str(ROOT)), PACKAGE),
        (rf"{user}@{host}:\d+", PERSON),
        (rf'"host":\s*"{host}"', f'"host":"{HOST}"'),
    ]
    if boot.exists():
        pairs.append((re.escape(boot.read_text().strip()), "0" * 8))

    def clean(text: str) -> str:
        for wanted, instead in pairs:
            text = re.sub(wanted, instead, text)
        return text

    return clean


def clean_journal(path: Path, clean: Callable[[str], str]) -> None:
    """Clean the facts and the stream; drop the caches, which hold the same in other forms."""
    connection = sqlite3.connect(path, isolation_level=None)
    for table in ("events", "stream"):
        for seq, data in connection.execute(f"SELECT seq, data FROM {table}").fetchall():
            said = clean(bytes(data).decode())
            connection.execute(f"UPDATE {table} SET data=? WHERE seq=?", (said.encode(), seq))
    connection.execute("DELETE FROM snapshots")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("VACUUM")
    connection.close()


def clean_file(path: Path, clean: Callable[[str], str]) -> bytes:
    """A file of a run, cleaned; exit.json without the boot that it belongs to."""
    text = clean(path.read_bytes().decode(errors="surrogateescape"))
    if path.suffix == ".json":
        said = json.loads(text)
        said.pop("boot", None)
        text = json.dumps(said)
    return text.encode(errors="surrogateescape")


def packed(files: list[tuple[str, bytes]]) -> bytes:
    """A tar.xz of the files, with no one's name and no time in it."""
    buffer = io.BytesIO()
    with (
        lzma.open(buffer, "w", preset=9 | lzma.PRESET_EXTREME) as file,
        tarfile.open(fileobj=file, mode="w") as archive,
    ):
        for name, data in files:
            entry = tarfile.TarInfo(f"{NAME}/{name}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def check(files: list[tuple[str, bytes]], home: str) -> int:
    """Whether anything still names this machine, in the files and in what the journal keeps compressed."""
    whole = b"".join(data for _, data in files)
    journal = next(data for name, data in files if name == "journal.db")
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        copy.write(journal)
        copy.flush()
        with sqlite3.connect(copy.name) as connection:
            for codec, data in connection.execute("SELECT codec, data FROM blobs"):
                whole += zlib.decompress(data) if codec == "zlib" else data
    names = [home, str(ROOT), f"@{socket.gethostname()}", str(Path.home()) + "/", sys.prefix]
    left = [name for name in names if name.encode() in whole]
    if left:
        print("still in it:", ", ".join(left))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
