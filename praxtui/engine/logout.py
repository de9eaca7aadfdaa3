"""What a logout does to processes that were started here, as systemd-logind, the kernel and the environment tell it.

Where there is no systemd nothing ends a process that has a session of its own.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

ANSWER_S = 5.0
LOGIN = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
MANAGER = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
SETTINGS = ("KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")
# The first that has a file wins, for logind.conf as for each drop-in by its name (logind.conf(5)).
ORDER = ("etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd", "lib/systemd")
TRUE = ("1", "yes", "y", "true", "t", "on")
JOBS = {"SLURM_JOB_ID": "Slurm", "PBS_JOBID": "PBS", "LSB_JOBID": "LSF"}
INITS = ("systemd", "init", "openrc-init", "runit", "s6-svscan", "dinit", "shepherd")
USER_MANAGER = re.compile(r"/user@\d+\.service(/|$)")
SWITCH = "PRAXTUI_DETACH"


class Kills(msgspec.Struct, frozen=True):
    """logind's settings; `exclude` None where it is not set, which spares root."""

    processes: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None

    def of(self, user: str) -> bool:
        """Whether logind ends what a session of `user` leaves behind. The lists come before the switch."""
        if user in (("root",) if self.exclude is None else self.exclude):
            return False
        return user in self.only if self.only else self.processes


class Surroundings(msgspec.Struct, frozen=True):
    """Where an engine would be started. `inside`: a batch job or a container, which it cannot outlive, in words.

    `linger`: None where there is no logind. `manager`: the user manager answers. `session_killed`: logind ends what a
    session leaves behind. `in_manager`: this process belongs to the user manager, which ends with the last session.
    """

    user: str
    inside: str = ""
    linger: bool | None = None
    manager: bool = False
    session_killed: bool = False
    in_manager: bool = False

    @property
    def as_unit(self) -> bool:
        """Whether an engine can be a unit that stays when its person is gone. Not in a job: it must stay in that."""
        return not self.inside and self.manager and self.linger is True

    @property
    def ends(self) -> bool:
        """Whether a logout ends an engine that is started here."""
        return not self.inside and not self.as_unit and (self.session_killed or (self.in_manager and not self.linger))

    @property
    def fix(self) -> str:
        """The exact command after which a logout ends no engine."""
        if self.linger:
            return f"export XDG_RUNTIME_DIR=/run/user/{os.getuid()}"
        return f"loginctl enable-linger, or: sudo loginctl enable-linger {shlex.quote(self.user)}"

    def warning(self) -> str:
        """One line for a person who is about to start an engine; empty where it outlives their session."""
        if self.inside:
            return f"the engine ends with {self.inside}; its record does not: `praxtui resume` goes on"
        if not self.ends:
            return ""
        if self.linger:
            return f"a logout ends the engine: logind kills what a session leaves, no user manager answers; {self.fix}"
        why = "logind kills what a session leaves" if self.session_killed else "it belongs to your user manager"
        return f"a logout ends the engine ({why}); before you log out: {self.fix}; then `praxtui resume` what runs"


def asked_of_system(environment: Mapping[str, str] | None = None) -> bool:
    """Whether systemd is asked at all: PRAXTUI_DETACH=fork says no."""
    return (os.environ if environment is None else environment).get(SWITCH, "").strip() != "fork"


def look(root: Path = Path("/")) -> Surroundings:
    """The surroundings of this process; its answers take some 20 ms where there is systemd. Never raises."""
    user = _user()
    inside = _job(os.environ) or _container(root)
    if inside or not asked_of_system() or not _booted(root):
        return Surroundings(user, inside if asked_of_system() else "")
    return Surroundings(
        user=user,
        linger=_linger(user),
        manager=_manager_answers(),
        session_killed=_kills(root).of(user),
        in_manager=in_user_manager(_text(root / "proc/self/cgroup")),
    )


def manager_environment() -> dict[str, str]:
    """This environment, with the folder in which the user manager listens: `su`, cron and the like do not say it."""
    known = f"/run/user/{os.getuid()}"
    found = dict(os.environ)
    if not found.get("XDG_RUNTIME_DIR") and os.path.isdir(known):
        found["XDG_RUNTIME_DIR"] = known
    return found


def answer(*words: str) -> str | None:
    """What a command prints; None where it is not there, fails, or takes long."""
    if shutil.which(words[0]) is None:
        return None
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=ANSWER_S, stdin=subprocess.DEVNULL,
            env=manager_environment(),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


# --- what logind says ------------------------------------------------------------------------------------------------


def parse_properties(text: str) -> Kills | None:
    """`busctl get-property ... KillUserProcesses KillOnlyUsers KillExcludeUsers`; None for anything else.

    An empty list there is one that is not set, or that is set to nothing: it is taken for the first.
    """
    lines = text.splitlines()
    if len(lines) != len(SETTINGS) or lines[0] not in ("b true", "b false"):
        return None
    try:
        only, exclude = (_strings(line) for line in lines[1:])
    except ValueError:
        return None
    return Kills(lines[0] == "b true", only, exclude or None)


def _strings(line: str) -> tuple[str, ...]:
    """`as 2 "a" "b"`; raises ValueError for anything else."""
    kind, number, *found = shlex.split(line)
    if kind != "as" or int(number) != len(found):
        raise ValueError(line)
    return tuple(found)


def parse_files(texts: Iterable[str]) -> Kills:
    """The [Login] sections of logind.conf and its drop-ins, later ones over earlier ones.

    A list grows with every line that adds to it, and an empty one makes it empty.
    """
    processes = False
    lists: dict[str, tuple[str, ...] | None] = {"KillOnlyUsers": None, "KillExcludeUsers": None}
    for text in texts:
        section = ""
        for line in text.replace("\\\n", " ").splitlines():
            line = line.strip()
            if line.startswith("["):
                section = line
            key, equals, value = (part.strip() for part in line.partition("="))
            if section != "[Login]" or not equals:
                continue
            if key == "KillUserProcesses":
                processes = value.lower() in TRUE
            elif key in lists:
                lists[key] = (*(lists[key] or ()), *value.split()) if value else ()
    return Kills(processes, lists["KillOnlyUsers"] or (), lists["KillExcludeUsers"])


def _kills(root: Path) -> Kills:
    said = answer("busctl", "--system", "get-property", *LOGIN, *SETTINGS)
    written = parse_files(_files(root))
    live = parse_properties(said) if said is not None else None
    if live is None:
        return written
    # Whether an empty list was set can be read in the files only.
    return Kills(live.processes, live.only, () if live.exclude is None and written.exclude == () else live.exclude)


def _files(root: Path) -> list[str]:
    """The texts of logind.conf and its drop-ins in the order in which they count."""
    folders = [root / folder for folder in ORDER]
    main = next((text for folder in folders if (text := _text(folder / "logind.conf"))), "")
    drop_ins: dict[str, Path] = {}
    for folder in folders:
        for file in sorted((folder / "logind.conf.d").glob("*.conf")):
            drop_ins.setdefault(file.name, file)
    return [main, *(_text(drop_ins[name]) for name in sorted(drop_ins))]


def parse_linger(text: str) -> bool | None:
    """`loginctl show-user USER --property=Linger`; None for anything else."""
    return {"Linger=yes": True, "Linger=no": False}.get(text.strip())


def _linger(user: str) -> bool:
    """logind knows nobody who neither is logged in nor lingers."""
    return bool(parse_linger(answer("loginctl", "show-user", user, "--property=Linger") or ""))


def _manager_answers() -> bool:
    return answer("busctl", "--user", "get-property", *MANAGER, "Version") is not None and bool(
        shutil.which("systemd-run") and shutil.which("systemctl")
    )


def in_user_manager(cgroup: str) -> bool:
    """Whether /proc/PID/cgroup says that a process is below user@UID.service: in a terminal of a desktop, mostly."""
    return any(USER_MANAGER.search(line) for line in cgroup.splitlines())


# --- jobs and containers ---------------------------------------------------------------------------------------------


def _job(environment: Mapping[str, str]) -> str:
    found = (f"{system} job {environment[name]}" for name, system in JOBS.items() if environment.get(name))
    return next(found, "")


def _container(root: Path) -> str:
    """The first process of a container is seldom an init, and its end is the end of all others."""
    first = _text(root / "proc/1/comm").strip()
    return f"this container, whose first process is {first}" if first and first not in INITS else ""


def _booted(root: Path) -> bool:
    """As sd_booted(3) has it."""
    return (root / "run/systemd/system").is_dir()


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
