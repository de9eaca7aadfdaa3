"""What `praxtui doctor` looks at: each check says what it found, whether that will do, and the fix."""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal

from msgspec import Struct

from praxtui.cli.abilities import abilities
from praxtui.engine import logout
from praxtui.errors import UserError
from praxtui.journal.opening import file_system, slow_reason
from praxtui.journal.shown import size
from praxtui.paths import ensure, home
from praxtui.runs import sandbox

LEAST_FREE = 200_000_000
"""Bytes below which a campaign cannot be expected to finish; ten times this is comfortable."""

BASE = (
    *("keyring", "libcst", "litellm", "markdown-it-py", "mcp", "msgspec", "numpy", "nvidia-ml-py", "optuna"),
    *("platformdirs", "pygit2", "pygments", "rich", "ruamel.yaml", "textual", "tomlkit"),
)
EXTRAS: dict[str, tuple[str, ...]] = {
    "pretrain": ("torch",),
    "tinker": ("tinker",),
    "prime": ("prime", "verifiers"),
    "gepa": ("gepa",),
    "modal": ("modal",),
    "ray": ("ray",),
}
KEYS = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "OPENROUTER_API_KEY",
    "TINKER_API_KEY",
    "PRIME_API_KEY",
    "MODAL_TOKEN_ID",
    "MODAL_TOKEN_SECRET",
    "WANDB_API_KEY",
    "HF_TOKEN",
)
"""Names of environment variables that hold keys. Only whether they are set is ever looked at."""


class Check(Struct, frozen=True):
    """One thing looked at. `missing` is required and not there; `note` is worth knowing and stops nothing."""

    name: str
    state: Literal["ok", "note", "missing"]
    found: str
    fix: str = ""


def machine() -> Iterator[Check]:
    """Every check that needs no leaf, in the order in which they are shown. Never raises."""
    yield Check("Python", "ok", f"{platform.python_version()} at {sys.executable}")
    yield from _packages()
    yield _git()
    yield from _disk()
    yield _gpu()
    yield _logout()
    yield from _sandbox()
    yield _extras()
    yield from _models()
    yield _keys()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _packages() -> Iterator[Check]:
    lacking = [package for package in BASE if _version(package) is None]
    if lacking:
        fix = f"{sys.executable} -m pip install {' '.join(lacking)}"
        yield Check("packages", "missing", f"not installed: {', '.join(lacking)}", fix)
    else:
        yield Check("packages", "ok", "all that a campaign needs")


def _git() -> Check:
    command = shutil.which("git")
    if not command:
        found = "not found; campaigns run without it, you need it to look at their branches"
        return Check("git", "note", found, "install git")
    try:
        said = subprocess.run(
            [command, "--version"], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check("git", "note", f"{command} does not answer: {error}", "install git anew")
    return Check("git", "ok", said.stdout.strip().removeprefix("git version ") or command)


def _disk() -> Iterator[Check]:
    place = home()
    try:
        ensure(place)
    except UserError as error:
        yield Check("home", "missing", error.message, error.fix or "")
        return
    yield Check("home", "ok", f"{place} can be written")
    yield from _readable(place)
    slow = slow_reason(place)
    if slow:
        yield Check("file system", "note", slow, "set PRAXTUI_HOME to a folder on a local disk")
    else:
        yield Check("file system", "ok", f"{file_system(place) or 'unknown kind'}, the journal is at full speed")
    yield _free(place)


def _readable(place: Path) -> Iterator[Check]:
    """A home that others can look into: made by hand, or by a praxtui from before it saw to that."""
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & 0o077:
            what = f"others on this machine can look into {place} (mode {mode:04o}): journals, prompts and logs"
            yield Check("privacy", "note", what, f"chmod 700 {shlex.quote(str(place))}")


def _free(place: Path) -> Check:
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Check("disk", "note", f"free space is unknown: {error.strerror or error}")
    if free >= 10 * LEAST_FREE:
        return Check("disk", "ok", f"{size(free)} free")
    fix = f"free some space on the disk of {place}, or set PRAXTUI_HOME to another"
    return Check("disk", "note" if free >= LEAST_FREE else "missing", f"{size(free)} free", fix)


def _gpu() -> Check:
    command = shutil.which("nvidia-smi")
    if not command:
        if Path("/dev/kfd").exists():
            return Check("GPU", "ok", "an AMD GPU is there (/dev/kfd)")
        return Check("GPU", "note", "none found (no nvidia-smi); runs use the CPU")
    query = [command, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    until = "look at the driver; runs use the CPU until then"
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=15, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("GPU", "note", f"nvidia-smi does not answer: {error}", until)
    cards = [line.strip() for line in said.stdout.splitlines() if line.strip()]
    if said.returncode or not cards:
        why = (said.stderr or said.stdout).strip().splitlines()
        return Check("GPU", "note", f"nvidia-smi: {why[0] if why else 'no GPU'}", until)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    hidden = f"; CUDA_VISIBLE_DEVICES={visible}" if visible is not None else ""
    return Check("GPU", "ok", "; ".join(cards) + hidden)


def _logout() -> Check:
    """Whether an engine that is started here outlives the session."""
    where = logout.look()
    lingers = "" if where.linger is None else f"; linger is {'on' if where.linger else 'off'} for {where.user}"
    if where.inside:
        return Check("logout", "note", f"an engine ends with {where.inside}", "praxtui help detach")
    if where.ends:
        return Check("logout", "note", f"a logout ends engines{lingers}", where.fix)
    return Check("logout", "ok", f"engines stay, {'as units' if where.as_unit else 'by a second fork'}{lingers}")


def _sandbox() -> Iterator[Check]:
    """The rung that runs get, what a lesser one does not stop, and what the kernel offers for a better one."""
    try:
        found = sandbox.check()
    except UserError as error:
        yield Check("sandbox", "missing", error.message, error.fix or "")
    else:
        said = sandbox.words(found.rung, {**found.findings, "fix": ""})
        yield Check("sandbox", "ok" if found.rung == "full" else "note", said, found.fix)
        for name in sandbox.PROPERTIES if found.rung == "partial" else ():
            yield Check(f"sandbox: {name}", "note", found.findings[name])
    for ability in abilities():
        yield Check(f"sandbox: {ability.name}", "ok" if ability.works else "note", ability.found, ability.fix)


def _extras() -> Check:
    """Extras that are wholly there, with versions, and the others."""
    there, lacking = [], []
    for extra, packages in EXTRAS.items():
        found = [f"{package} {version}" for package in packages if (version := _version(package))]
        if len(found) == len(packages):
            there.append(f"{extra} ({', '.join(found)})")
        else:
            lacking.append(extra)
    said = [f"there: {', '.join(there)}"] * bool(there) + [f"not installed: {', '.join(lacking)}"] * bool(lacking)
    fix = "pip install 'praxtui[NAME]' for those that a leaf of yours needs" if lacking else ""
    return Check("extras", "note" if lacking else "ok", "; ".join(said), fix)


def _models() -> Iterator[Check]:
    """Where models could be called: their keys by name, the keyring, LiteLLM."""
    from praxtui import settings
    from praxtui.research.llm import keys, provider, providers

    try:
        said = settings.read()
        known = keys.Keys(os.environ, said)
        known.check()
        provider.check_version()
    except UserError as error:
        yield Check("models", "note", error.message, error.fix or "")
        return
    names = {
        variable: origin
        for name, about in providers.PROVIDERS.items()
        if about.ways and known.has(name)
        for variable, origin in known.origins(f"{name}/any").items()
    }
    by = f"litellm {_version('litellm')}; " + (f"settings: {', '.join(said.models)}; " if said.models else "")
    if names:
        yield Check("models", "ok", by + ", ".join(f"{name} ({origin})" for name, origin in names.items()))
    else:
        yield Check("models", "note", f"{by}no key is there; the researcher sweep needs none", "praxtui models")
    keyring = keys.keyring_name()
    yield Check("keyring", "ok" if keyring else "note", keyring or "none that answers; keys can be in a file as well")


def _keys() -> Check:
    there = [name for name in KEYS if os.environ.get(name)]
    if there:
        return Check("keys", "ok", f"set: {', '.join(there)}")
    return Check("keys", "note", "none set; the researcher sweep needs none")
