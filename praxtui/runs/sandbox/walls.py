"""The rung that this machine has, and stages put behind its walls."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from praxtui.errors import RequirementMissing, UserError
from praxtui.runs import environment
from praxtui.runs.sandbox import fixes, host, interpreter
from praxtui.runs.sandbox.canary import Fallen, trial
from praxtui.runs.sandbox.plan import Host, Needs, argv, within_any
from praxtui.runs.spec import Stage

EVALUATION = "evaluation"
"""The folder at the top of PRAXTUI_DATA, and of a leaf, that is there for the evaluator only."""

MOST_SEALED = 40  # files; each is a mount of its own and costs some 0.1 ms. Beyond, changes are seen after the run


class Sight(Struct, frozen=True, kw_only=True):
    """What one stage is to see, as absolute paths.

    `writable`: its tree, scratch and caches; `sealed`: files in the tree that it must not change; `reads`: what else it
    reads, as `links.reached` gives it; `tops`: folders whose `evaluation/` is hidden from all but the evaluator.
    """

    writable: tuple[str, ...]
    sealed: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    evaluation: bool = False

    def hidden(self) -> tuple[str, ...]:
        """The folders of evaluation data that this stage must not see."""
        return () if self.evaluation else tuple(os.path.join(top, EVALUATION) for top in self.tops)


class Walls(Struct, frozen=True):
    """Everything about this machine and the interpreter that a confined stage's arguments are made from."""

    host: Host
    readable: tuple[str, ...]
    network: bool = False

    def around(self, stage: Stage, sight: Sight) -> Stage:
        """`stage`, confined: it sees `sight`, and what its interpreter and its command need."""
        shown = (*self.host.system, *self.readable)
        hops = interpreter.hops(stage.argv[0], stage.env.get("PATH"))
        command = [hop for hop in hops if os.path.exists(hop) and not within_any(hop, shown)]
        readable = (*self.readable, *command, *sight.reads)
        repositories, links = interpreter.repositories(readable)
        seen = (*shown, *sight.writable, *sight.reads)
        covered = [path for path in (*repositories, *sight.hidden()) if within_any(path, seen)]
        needs = Needs(
            cwd=stage.cwd,
            writable=sight.writable,
            readable=readable,
            sealed=_sealed(sight),
            covered=tuple(path for path in covered if os.path.isdir(path) and not os.path.islink(path)),
            blanked=links,
            network=self.network,
        )
        return replace(stage, argv=argv(self.host, needs, stage.argv), env=stage.env | self._told(), sandbox=True)

    def _told(self) -> dict[str, str]:
        """What a program is told so that it does not wait for a network, or for the name of its user."""
        added = {} if any(os.environ.get(name) for name in ("LOGNAME", "USER")) else {"USER": "sandbox"}
        return added if self.network else added | {"HF_HUB_OFFLINE": "1"}


class Sandbox(Struct, frozen=True):
    """The best rung of this machine. `findings`: what holds, in words by property; of `none`, `why` and `fix`."""

    rung: Literal["full", "none"]
    findings: dict[str, str]
    why: str = ""
    fix: str = ""
    walls: Walls | None = None

    def require(self, who: str) -> None:
        """Raise RequirementMissing unless this is rung `full`; `who` is what needs it."""
        if self.rung != "full":
            fix = "; ".join(filter(None, (self.fix, "or --allow-unsandboxed, and runs have your rights")))
            raise RequirementMissing(f"{who} needs a sandbox for its runs, and there is none: {self.why}", fix=fix)


def _none(why: str, fix: str = "") -> Sandbox:
    return Sandbox("none", {"why": why, "fix": fix}, why, fix)


def choice(source: Mapping[str, str] | None = None) -> Literal["auto", "none"]:
    """What PRAXTUI_SANDBOX asks for: `auto`, the best rung there is, or `none`. Raises UserError for anything else."""
    said = (os.environ if source is None else source).get("PRAXTUI_SANDBOX", "").strip() or "auto"
    if said == "auto":
        return "auto"
    if said == "none":
        return "none"
    raise UserError(f"PRAXTUI_SANDBOX: {said!r} is no rung", fix="set it to auto or none, or unset it for auto")


def check(
    python: str | None = None,
    env: Mapping[str, str] | None = None,
    *,
    network: bool = False,
    asked: Literal["auto", "none"] | None = None,
) -> Sandbox:
    """The best rung, found by trying it: blocks for a part of a second, never for longer than a minute, never raises
    but for a PRAXTUI_SANDBOX that means nothing.

    `python`: the interpreter of the runs, else this one; `env`: their environment, else what the allow-list lets
    through; `network`: whether the program gives its runs one. `asked`: instead of PRAXTUI_SANDBOX.
    """
    if (asked or choice()) == "none":
        return _none("PRAXTUI_SANDBOX=none switches it off", "unset PRAXTUI_SANDBOX")
    if not sys.platform.startswith("linux"):
        return _none(f"{sys.platform} has no bubblewrap", "run on Linux (on Windows: WSL 2)")
    try:
        found = host.look()
    except FileNotFoundError:
        return _none("bubblewrap is not installed (no bwrap on PATH)", fixes.INSTALL)
    python = python or sys.executable
    env = dict(environment.inherited() if env is None else env)
    try:
        told = interpreter.ask(python, env)
        readable = interpreter.readable(python, env, told, found.system, found.home)
        result = trial(found, python, readable, env, network)
    except (Fallen, interpreter.Unanswered) as fallen:
        return _none(f"a trial of it failed: {fallen}", fixes.fix_of(str(fallen)))
    except OSError as error:
        return _none(f"a trial of it could not be made: {error}")
    if result.leaks:
        return _none(f"a trial of it failed: {'; '.join(result.leaks)}", "report this with `praxtui doctor`'s output")
    return Sandbox("full", result.findings, walls=Walls(found, readable, network))


def words(rung: str, findings: Mapping[str, str]) -> str:
    """The rung for one line of a status: `full (no network, home hidden, no GPU)`, `none (why; fix)`."""
    if rung != "full":
        said = "; ".join(filter(None, (findings.get("why"), findings.get("fix"))))
        return f"{rung or 'not looked at yet'}" + (f" ({said})" if said else "")
    network = "no network" if findings.get("network") == "none" else "network open"
    gpu = "GPU visible" if findings.get("gpu") == "visible" else "no GPU"
    return f"full ({network}, home {findings.get('home', 'hidden')}, {gpu})"


def _sealed(sight: Sight) -> tuple[str, ...]:
    """Those of the sealed files that are bound: plain files, not under what is covered."""
    hidden = sight.hidden()
    plain = [path for path in sight.sealed if not os.path.islink(path) and os.path.isfile(path)]
    return tuple(path for path in plain if not within_any(path, hidden))[:MOST_SEALED]
