"""`python -m tests.faults.report ROWS PAGE CHOSEN`: the page of what the fault suite found, from its rows."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.counts import NUMBERS

SOAK = "## Soak"  # what follows is another command's part of the page
EVERYTHING = "tests/faults"


def page(rows: list[dict[str, Any]], chosen: str, kept: str) -> str:
    """The whole page. `chosen`: pytest's words for which tests ran; `kept`: the part about the soak as it stands."""
    ran = [row for row in rows if row["outcome"] != "skipped"]
    total = {name: sum(row[name] for row in ran) for name in NUMBERS}
    kills: Counter[str] = Counter()
    for row in ran:
        kills.update(row["kills"])
    worst = max((row["resume_s_worst"] for row in ran if row["resume_s_worst"] is not None), default=None)
    outcomes = Counter(row["outcome"] for row in rows)
    lines = [
        "# What the fault suite found",
        "",
        "Made by `make faults`, which runs everything in `tests/faults`, long forms included."
        if chosen == EVERYTHING
        else f"Made by `make faults FAULTS='{chosen}'`: a part of the suite, long forms included.",
        "",
        *machine(),
        "",
        f"- tests: {outcomes['passed']} passed, {outcomes['failed']} failed, {outcomes['skipped']} skipped;"
        f" {sum(row['seconds'] for row in rows) / 60:.0f} min of tests",
        f"- SIGKILLs: {kills.total()} ({', '.join(f'{name} {n}' for name, n in kills.most_common())})",
        f"- campaigns {total['campaigns']}, experiments {total['experiments']}, runs {total['runs']}",
        f"- **lost {total['lost']}, doubled {total['doubled']}, processes left {total['processes']},"
        f" worktrees left {total['worktrees']}, faults of `git fsck` {total['fsck']}**",
        f"- engines started again {sum(row['resumes'] for row in ran)}; at work, their run taken up, after at most"
        f" {worst} s (target 2 s)",
        "",
        "`lost`: experiments without a number or a verdict, and runs without an end. `doubled`: runs begun or ended"
        " twice, experiments judged twice, measurements made again for nothing. Of a test that failed the numbers"
        " stand as they were found.",
        "",
        "| test | seeds | kills | experiments | lost | doubled | processes | worktrees | fsck | resume s | s | |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        *(line(row) for row in rows),
        "",
    ]
    return "\n".join(lines) + ("\n" + kept if kept else "")


def machine() -> list[str]:
    """When, on what, and of which commit."""
    with open("/proc/cpuinfo") as file:
        names = [text.partition(":")[2].strip() for text in file if text.startswith("model name")]
    commit = subprocess.run(("git", "rev-parse", "--short=12", "HEAD"), capture_output=True, text=True).stdout.strip()
    changed = subprocess.run(
        ("git", "status", "--porcelain", "--", "praxtui", "tests"), capture_output=True, text=True
    ).stdout.strip()
    return [
        f"- {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, commit {commit}"
        + (f" with {len(changed.splitlines())} files changed since" if changed else ""),
        f"- {names[0] if names else platform.machine()}, {os.cpu_count()} cores,"
        f" load {os.getloadavg()[0]:.1f} at the end",
        f"- Linux {platform.release()}, Python {platform.python_version()}",
    ]


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    name = row["name"].partition("/faults/")[2].replace("|", "\\|")
    worst = "" if row["resume_s_worst"] is None else f"{row['resume_s_worst']:.2f}"
    cells = [f"`{name}`", " ".join(map(str, row["seeds"])), sum(row["kills"].values()), row["experiments"]]
    cells += [row[name] for name in NUMBERS[3:]] + [worst, f"{row['seconds']:.0f}", row["outcome"]]
    return "| " + " | ".join(map(str, cells)) + " |"


def main(rows: Path, to: Path, chosen: str) -> int:
    """Write the page; 1 where a test failed."""
    found = [json.loads(text) for text in rows.read_text().splitlines()]
    before = to.read_text() if to.exists() else ""
    at = before.find(SOAK)
    to.write_text(page(found, chosen, before[at:] if at >= 0 else ""))
    print(f"{to}: {len(found)} tests, {sum(row['outcome'] == 'failed' for row in found)} failed")
    return int(any(row["outcome"] == "failed" for row in found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
