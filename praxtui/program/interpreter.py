"""Which Python a program's commands run with: the first that has what the program requires."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from praxtui.program.spec import Program
from praxtui.secret_names import without_secrets

PROBE_S = 10.0
"""Seconds that an interpreter has to answer: it may lie on a slow network disk."""

_PROBE = """
import json, sys
import importlib.util
try:
    from importlib.metadata import distribution
except ImportError:
    distribution = None
sys.path[:] = [p for p in sys.path if p]
def has(name):
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except Exception:
        pass
    try:
        return distribution is not None and distribution(name) is not None
    except Exception:
        return False
print()
print(json.dumps({"version": list(sys.version_info[:3]), "has": [n for n in sys.argv[1:] if has(n)]}))
"""


class Interpreter(Struct, frozen=True):
    """A Python interpreter and why it was chosen, in words."""

    path: str
    why: str


class Probe(Struct, frozen=True):
    """What an interpreter said of itself; `fault` is empty where it answered. `has`: those of the names asked for."""

    path: str
    version: tuple[int, ...] = ()
    has: frozenset[str] = frozenset()
    fault: str = ""


class Probes:
    """Answers of interpreters about a set of package names: one subprocess for each, however often asked."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted({*names, "pip"}))
        self._known: dict[str, Probe] = {}

    def of(self, path: str) -> Probe:
        """What the interpreter at `path` has."""
        if path not in self._known:
            self._known[path] = probe(path, self.names)
        return self._known[path]


def probe(path: str, names: Iterable[str]) -> Probe:
    """Ask the interpreter at `path` which of `names`, modules or distributions, it has. Imports none; never raises."""
    try:
        asked = subprocess.run(
            [path, "-c", _PROBE, *names],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_S,
            stdin=subprocess.DEVNULL,
            env=without_secrets(os.environ),
        )
    except FileNotFoundError:
        return Probe(path, fault="not found")
    except subprocess.TimeoutExpired:
        return Probe(path, fault=f"did not answer within {PROBE_S:g} s")
    except (OSError, ValueError) as error:
        return Probe(path, fault=f"cannot be executed ({getattr(error, 'strerror', None) or error})")
    try:
        said = json.loads(asked.stdout.splitlines()[-1])
        return Probe(path, tuple(said["version"]), frozenset(said["has"]))
    except (IndexError, ValueError, KeyError, TypeError):
        last = (asked.stderr.strip().splitlines() or ["no output"])[-1]
        return Probe(path, fault=f"is not a working Python ({last[:120]})")


def choose(program: Program, leaf: Path, probes: Probes | None = None) -> Interpreter:
    """The interpreter for `program` in `leaf`.

    `auto`: the first of this one, VIRTUAL_ENV's and CONDA_PREFIX's that has all of `loop.requires`, else this one.
    A path is taken as given, relative to the leaf; a bare name is looked up on PATH.
    """
    asked, needs = program.loop.python, program.loop.requires
    if asked not in ("auto", "managed"):
        return Interpreter(_given(asked, leaf), "loop.python names it")
    first, *others = candidates()
    if not needs:
        return first
    probes = probes or Probes(needs)
    for one in (first, *others):
        if probes.of(one.path).has.issuperset(needs):
            return Interpreter(one.path, f"{one.why}; it has {', '.join(needs)}")
    return Interpreter(first.path, f"{first.why}; none of {1 + len(others)} looked at has {', '.join(needs)}")


def candidates() -> tuple[Interpreter, ...]:
    """The interpreters that `auto` looks at, in order, each once."""
    found = [Interpreter(sys.executable, "the interpreter that praxtui runs with")]
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        root = os.environ.get(variable)
        path = os.path.join(root, "bin", "python") if root else ""
        if path and os.path.isfile(path) and not any(_same(path, other.path) for other in found):
            found.append(Interpreter(path, f"the interpreter of {variable}"))
    return tuple(found)


def _same(one: str, other: str) -> bool:
    """Whether two paths are one environment: environments differ by folder even where they link to the same binary."""
    folders = [os.path.realpath(os.path.dirname(path)) for path in (one, other)]
    return folders[0] == folders[1] and os.path.realpath(one) == os.path.realpath(other)


def _given(asked: str, leaf: Path) -> str:
    path = os.path.expanduser(asked)
    if os.sep not in path:
        return shutil.which(path) or path
    return os.path.normpath(os.path.join(os.path.abspath(leaf), path))
