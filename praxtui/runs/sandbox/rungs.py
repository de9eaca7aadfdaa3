"""The rung that this machine has: found by trying them, from the best down, and said in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, get_args

from msgspec import Struct

from praxtui import settings
from praxtui.errors import RequirementMissing, UserError
from praxtui.runs import environment, landlock, seccomp
from praxtui.runs.sandbox import fixes, host, interpreter
from praxtui.runs.sandbox.canary import Fallen, Trial, trial
from praxtui.runs.sandbox.partial import Means
from praxtui.runs.sandbox.plan import Host
from praxtui.runs.sandbox.walls import Walls

Rung = Literal["full", "partial", "none"]
Choice = Literal["auto", "full", "partial", "none"]
RUNGS: tuple[Rung, ...] = get_args(Rung)
"""From the best down."""

PROPERTIES = ("files", "sealed", "evaluation", "home", "network", "processes", "memory")
"""Those of the findings in which `partial` can be less than `full`."""

REPORT = "report this with `praxtui doctor`'s output"


class Sandbox(Struct, frozen=True):
    """The best rung of this machine. `findings`: what holds, in words by property.

    `why`: why it is no better one, `fix`: what to do about that; both empty for `full`.
    """

    rung: Rung
    findings: dict[str, str]
    why: str = ""
    fix: str = ""
    walls: Walls | None = None

    def require(self, who: str, least: Rung = "full") -> None:
        """Raise RequirementMissing unless this rung is at least `least`; `who` is what needs it."""
        if RUNGS.index(self.rung) <= RUNGS.index(least):
            return
        if self.rung == "none":
            said = f"{who} needs a sandbox for its runs, and there is none: {self.why}"
        else:
            said = f"{who} needs a sandbox that is {least} for its runs, and here it is {self.rung}: {self.why}"
        consent = f'or least = "{self.rung}" under [sandbox] in {settings.file()}, or --allow-unsandboxed for this one'
        means = "runs have your rights" if self.rung == "none" else "`praxtui doctor` says what it does not stop"
        raise RequirementMissing(said, fix="; ".join(filter(None, (self.fix, f"{consent}: {means}"))))


def choice(source: Mapping[str, str] | None = None) -> Choice:
    """What PRAXTUI_SANDBOX asks for: `auto`, the best rung there is, or one of them. Raises UserError for all else."""
    said = (os.environ if source is None else source).get("PRAXTUI_SANDBOX", "").strip() or "auto"
    known: tuple[Choice, ...] = get_args(Choice)
    for one in known:
        if said == one:
            return one
    raise UserError(
        f"PRAXTUI_SANDBOX: {said!r} is no rung", fix="set it to auto, full, partial or none, or unset it for auto"
    )


def check(
    python: str | None = None,
    env: Mapping[str, str] | None = None,
    *,
    network: bool = False,
    asked: Choice | None = None,
) -> Sandbox:
    """The best rung, found by trying it: blocks for a part of a second, never for longer than a few minutes.

    `python`: the interpreter of the runs, else this one; `env`: their environment, else what the allow-list lets
    through; `network`: whether the program gives its runs one. `asked`: instead of PRAXTUI_SANDBOX. Raises UserError
    for a PRAXTUI_SANDBOX that means nothing, RequirementMissing for one that asks for what cannot be had.
    """
    said = asked or choice()
    if said == "none":
        return _none("PRAXTUI_SANDBOX=none switches it off", "unset PRAXTUI_SANDBOX")
    found = _best(python or sys.executable, env, network, said)
    if said in ("full", "partial") and found.rung != said:
        why = f"PRAXTUI_SANDBOX asks for {said}, and that cannot be had here: {found.why}"
        raise RequirementMissing(why, fix="; ".join(filter(None, (found.fix, "or unset PRAXTUI_SANDBOX"))))
    return found


def _best(python: str, env: Mapping[str, str] | None, network: bool, asked: Choice) -> Sandbox:
    if not sys.platform.startswith("linux"):
        return _none(f"{sys.platform} has neither bubblewrap nor Landlock", "run on Linux (on Windows: WSL 2)")
    machine = host.look()
    env = dict(environment.inherited() if env is None else env)
    try:
        told = interpreter.ask(python, env)
    except interpreter.Unanswered as unanswered:
        return _none(f"a trial of it failed: {unanswered}")
    readable = interpreter.readable(python, env, told, machine.system, machine.home)
    failed: dict[Rung, Failed] = {}
    for rung in ("full", "partial") if asked == "auto" else (asked,):
        for walls in _full(machine, readable, network) if rung == "full" else _partial(machine, readable, network):
            result = walls if isinstance(walls, Failed) else tried(walls, python, env)
            if isinstance(result, Trial) and isinstance(walls, Walls):
                why, fix = _together(failed)
                return Sandbox(rung, result.findings | _said(why, fix), why, fix, walls)
            if isinstance(result, Failed):
                failed[rung] = result
    return _none(*_together(failed))


class Failed(NamedTuple):
    """Why a rung cannot be had, and what mends it."""

    why: str
    fix: str = ""


def _full(machine: Host, readable: tuple[str, ...], network: bool) -> Iterator[Walls | Failed]:
    if machine.bwrap:
        yield Walls(machine, readable, network)
    else:
        yield Failed("bubblewrap is not installed (no bwrap on PATH)", fixes.INSTALL)


def _partial(machine: Host, readable: tuple[str, ...], network: bool) -> Iterator[Walls | Failed]:
    """The ways to make it, from the best down."""
    abi = landlock.abi()
    if abi < 1:
        yield Failed("this kernel has no Landlock, or it is switched off", fixes.LANDLOCK)
        return
    if seccomp.machine() is None:
        yield Failed(f"the system calls of {os.uname().machine} are not known")
        return
    gpu = bool(machine.devices)
    for namespaces, kernel in ((True, gpu), (False, gpu), (False, False)):
        # The last differs from the second only where there is a GPU.
        if gpu or namespaces or not kernel:
            yield Walls(machine, readable, network, Means(abi, namespaces, kernel))


def tried(walls: Walls, python: str, env: dict[str, str]) -> Trial | Failed:
    """What came of a trial of `walls`, or why they do not stand."""
    try:
        result = trial(walls, python, env)
    except Fallen as fallen:
        return Failed(f"a trial of it failed: {fallen}", fixes.fix_of(str(fallen)))
    except OSError as error:
        return Failed(f"a trial of it could not be made: {error}")
    if result.leaks:
        return Failed(f"a trial of it failed: {'; '.join(result.leaks)}", REPORT)
    return result


def _together(failed: Mapping[Rung, Failed]) -> tuple[str, str]:
    """What to say of all the rungs that failed: the best one's reason, then the others' by name; the first fix."""
    words = [one.why if n == 0 else f"{rung}: {one.why}" for n, (rung, one) in enumerate(failed.items())]
    return "; ".join(words), next((one.fix for one in failed.values() if one.fix), "")


def _said(why: str, fix: str) -> dict[str, str]:
    return {name: said for name, said in (("why", why), ("fix", fix)) if said}


def _none(why: str, fix: str = "") -> Sandbox:
    return Sandbox("none", {"why": why, "fix": fix}, why, fix)


def words(rung: str, findings: Mapping[str, str]) -> str:
    """The rung for one line of a status: `full (no network, home hidden, no GPU)`, `none (why; fix)`."""
    why = findings.get("why", "")
    if rung not in ("full", "partial"):
        said = "; ".join(filter(None, (why, findings.get("fix"))))
        return f"{rung or 'not looked at yet'}" + (f" ({said})" if said else "")
    network = "no network" if findings.get("network", "").startswith("none") else "network open"
    gpu = "GPU visible" if findings.get("gpu") == "visible" else "no GPU"
    held = f"{network}, home {findings.get('home', 'hidden').partition(';')[0]}, {gpu}"
    if rung == "full":
        return f"full ({held})"
    return f"partial (files confined, {held}" + (f"; not full: {why})" if why else ")")
