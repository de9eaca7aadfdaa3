"""What is missing before a leaf can run on this machine, each with a fix."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

from praxtui.program import commands
from praxtui.program.interpreter import Probe, Probes, choose
from praxtui.program.spec import Program
from praxtui.program.unavailable import unavailable
from praxtui.secret_names import without_secrets

EXTRAS = {
    "torch": "pretrain",
    "tinker": "tinker",
    "prime": "prime",
    "verifiers": "prime",
    "gepa": "gepa",
    "modal": "modal",
    "ray": "ray",
}
"""Packages that come with an extra of praxtui, pinned there."""

DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "bs4": "beautifulsoup4",
}
"""Modules whose distribution has another name."""


class Missing(Struct, frozen=True):
    """Something that a leaf needs, and what to do about it: a command to type, or a sentence."""

    what: str
    fix: str


def readiness(program: Program, leaf: Path) -> tuple[Missing, ...]:
    """What `program` in `leaf` is missing here; empty means it can run. A few short subprocesses; never raises."""
    return survey([(program, leaf)])[0]


def survey(leaves: Iterable[tuple[Program, Path]]) -> list[tuple[Missing, ...]]:
    """`readiness` of many leaves, asking every interpreter once."""
    many = list(leaves)
    probes = Probes(name for program, _ in many for name in program.loop.requires)
    return [tuple(_missing(program, leaf, probes)) for program, leaf in many]


def _missing(program: Program, leaf: Path, probes: Probes) -> Iterator[Missing]:
    for lack in unavailable(program):
        if lack.hard:
            message = lack.message.removeprefix("not available yet: ")
            what, _, fix = message.partition("; ")
            yield Missing(f"{lack.key}: not available yet: {what}", fix or message)
    chosen = choose(program, leaf, probes).path
    yield from _packages(program, probes, chosen)
    yield from _programs(program, leaf, chosen)
    for name in program.constraints.secrets:
        if not os.environ.get(name):
            yield Missing(f"environment variable {name}", f"export {name}=...")
    asked = program.loop.gpus
    if isinstance(asked, int) and asked > (there := gpu_count()):
        has = "no GPU is" if not there else f"{there} {'is' if there == 1 else 'are'}"
        yield Missing(
            f"{asked} GPU{'s' * (asked > 1)} ({has} visible)", "set loop.gpus: auto, or use a machine that has them"
        )


def _packages(program: Program, probes: Probes, chosen: str) -> Iterator[Missing]:
    if chosen == sys.executable and not program.loop.requires:
        return
    said = probes.of(chosen)
    if said.fault:
        yield Missing(
            f"interpreter {chosen}: {said.fault}", "set loop.python: auto, or the path of a Python interpreter"
        )
        return
    lacking = [name for name in program.loop.requires if name not in said.has]
    groups: dict[str, list[str]] = {}
    for name in lacking:
        groups.setdefault(_wanted(name, said), []).append(name)
    own = [name for wanted, names in groups.items() for name in names if not wanted.startswith("praxtui[")]
    extras = [names for wanted, names in groups.items() if wanted.startswith("praxtui[")]
    for names in filter(None, [*extras, own]):
        yield Missing(f"package{'s' * (len(names) > 1)} {', '.join(names)}", install(names, said))


def _wanted(name: str, said: Probe) -> str:
    """What to install for the package `name`: an extra of praxtui for its own interpreter, else the package itself."""
    extra = EXTRAS.get(name) if said.path == sys.executable and _installed() else None
    return f"praxtui[{extra}]" if extra else DISTRIBUTIONS.get(name, name)


def install(names: Iterable[str], said: Probe) -> str:
    """The command that installs the packages `names` for the interpreter that `said` describes."""
    wanted = " ".join(dict.fromkeys(shlex.quote(_wanted(name, said)) for name in names))
    if "pip" not in said.has:
        # Environments that uv makes have no pip of their own.
        return f"uv pip install --python {shlex.quote(said.path)} {wanted}"
    pip = shutil.which("pip")
    here = said.path == sys.executable and pip is not None and os.path.dirname(pip) == os.path.dirname(sys.executable)
    return f"{'pip' if here else shlex.quote(said.path) + ' -m pip'} install {wanted}"


def _installed() -> bool:
    """Whether praxtui is an installed distribution: only then has it extras to install."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution("praxtui") is not None
    except PackageNotFoundError:
        return False


def _programs(program: Program, leaf: Path, chosen: str) -> Iterator[Missing]:
    """The programs that the commands begin with, where they are not the interpreter and not there."""
    seen: set[str] = set()
    for key in ("setup", "run", "evaluate", "check"):
        command = getattr(program.loop, key)
        first = (commands.words(command) or [""])[0] if command else ""
        if not first or first in seen or first in ("python", "python3") or re.search(r"[$`*]", first):
            continue
        seen.add(first)
        path = (
            os.path.normpath(os.path.join(os.path.abspath(leaf), os.path.expanduser(first))) if "/" in first else first
        )
        if shutil.which(path) is None and not _builtin(command, first):
            why = (
                "is not executable" if os.path.isfile(path) else "does not exist" if "/" in first else "is not on PATH"
            )
            fix = (
                f"chmod +x {shlex.quote(path)}"
                if os.path.isfile(path)
                else f"install {first}, or change loop.{key} in program.md"
            )
            yield Missing(f"loop.{key}: {first} {why}", fix)


def _builtin(command: str, first: str) -> bool:
    """Whether a shell will execute `command` and understands `first` itself."""
    return commands.argv(command, "python")[0] == "/bin/sh" and first in _SHELL_WORDS


_SHELL_WORDS = frozenset(
    (
        "cd",
        "exec",
        "export",
        "set",
        "unset",
        "ulimit",
        "umask",
        ".",
        ":",
        "[",
        "eval",
        "trap",
        "if",
        "for",
        "while",
        "until",
        "case",
        "{",
        "!",
        "exit",
        "test",
    )
)


def gpu_count() -> int:
    """GPUs that a run would see, by device files or `nvidia-smi`, within CUDA_VISIBLE_DEVICES; imports no framework."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    allowed = None if visible is None else [name for name in visible.split(",") if name.strip() not in ("", "-1")]
    if allowed == []:
        return 0
    there = _devices() or _listed()
    return there if allowed is None else min(there, len(allowed))


def chosen_gpus(wanted: int) -> str | None:
    """What CUDA_VISIBLE_DEVICES is for a run that gets `wanted` GPUs; None where there is no GPU to choose from."""
    there = gpu_count()
    if not there:
        return None
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(n) for n in range(there)] if visible is None else [name.strip() for name in visible.split(",")]
    return ",".join(names[:wanted])


def _devices() -> int:
    try:
        names = os.listdir("/dev")
        render = os.listdir("/dev/dri") if "kfd" in names else []
    except OSError:
        return 0
    nvidia = sum(bool(re.fullmatch(r"nvidia\d+", name)) for name in names)
    return nvidia or sum(name.startswith("renderD") for name in render)


@cache
def _listed() -> int:
    """GPUs by `nvidia-smi`, where there is one: under WSL a GPU has no device file of its own."""
    command = shutil.which("nvidia-smi")
    if not command:
        return 0
    try:
        said = subprocess.run(
            [command, "-L"], capture_output=True, text=True, timeout=2, stdin=subprocess.DEVNULL,
            env=without_secrets(os.environ),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in said.stdout.splitlines())
