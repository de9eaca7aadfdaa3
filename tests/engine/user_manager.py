"""A user manager for tests: the real one in a mount namespace of its own, or commands that act as its clients do."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# As systemd 252 was seen to: a process of nobody's, with an environment, descriptors and a working folder of the
# manager's own, the pid known to `show`, and a name that is refused while something of it is left.
RUN = """\
#!{python} -IS
import os, sys, time
state = {state!r}
options, words = [], sys.argv[1:]
while words[0] != "--":
    options.append(words.pop(0))
words = words[1:]
with open(state + "/options", "a") as file:
    print(*options, "--", *words, file=file)
unit = next(o.partition("=")[2] for o in options if o.startswith("--unit="))
if os.path.exists(state + "/" + unit):
    sys.exit("Failed to start transient service unit: Unit was already loaded or has a fragment file.")
if os.path.exists(state + "/refuse"):
    sys.exit("Failed to start transient service unit: no")
if os.fork() == 0:
    os.setsid()
    pid = os.fork()
    if pid:
        os._exit(0)
    with open(state + "/" + unit, "w") as file:
        file.write(str(os.getpid()))
    null = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.closerange(3, 1000)
    os.chdir("/")
    os.umask(0o077)
    os.execve(words[0], words, {{"PATH": "/usr/bin:/bin", "MANAGED": "yes"}})
os.wait()
deadline = time.monotonic() + 30
while not (os.path.exists(state + "/" + unit) and open(state + "/" + unit).read()) and time.monotonic() < deadline:
    time.sleep(0.005)
"""
SHOW = """\
#!{python} -IS
import sys
unit = sys.argv[-1].removesuffix(".service")
if "show" in sys.argv:
    print("MainPID=" + open({state!r} + "/" + unit).read())
"""
BUSCTL = """\
#!{python} -IS
import sys
print('s "252.38"' if "--user" in sys.argv else {logind!r})
"""
LOGINCTL = """\
#!{python} -IS
print("Linger={linger}")
"""

REAL = shutil.which("systemd", path="/usr/lib/systemd:/lib/systemd")
INSIDE = """\
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user/0 && chmod 700 /run/user/0 || exit 77
export XDG_RUNTIME_DIR=/run/user/0
{systemd} --user --log-target=null & manager=$!
trap 'kill $manager' EXIT
n=0
until systemctl --user is-system-running --quiet 2>/dev/null; do
    n=$((n + 1)); [ $n -gt 200 ] && exit 77; kill -0 $manager 2>/dev/null || exit 77; sleep 0.05
done
"$@"
"""


def fake(folder: Path, *, linger: str = "yes", logind: str = "b false\nas 0\nas 0") -> dict[str, str]:
    """Commands in `folder` as they answer on a machine with systemd; what is to be added to an environment."""
    commands, state = folder / "bin", folder / "state"
    runtime = folder / "run"
    for place in (commands, state, runtime):
        place.mkdir(parents=True, mode=0o700)
    filled = {"python": getattr(sys, "_base_executable", sys.executable), "state": str(state)}
    for name, text in {
        "systemd-run": RUN.format(**filled),
        "systemctl": SHOW.format(**filled),
        "busctl": BUSCTL.format(**filled, logind=logind),
        "loginctl": LOGINCTL.format(**filled, linger=linger),
    }.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    return {"PATH": f"{commands}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(runtime)}


def inside(*words: str) -> list[str]:
    """A command line that runs `words` where a real user manager answers; it exits with 77 where there can be none."""
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", INSIDE.format(systemd=REAL), "sh", *words]
