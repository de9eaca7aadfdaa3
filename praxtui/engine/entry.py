"""`python -I -S entry.py SOCKET` or `... fork FOLDER READY_FD KEYS_FD`: what becomes an engine, before it is one.

Standard library only. It leaves the place where it was started: another parent, `/` as its folder, umask 077, deaf to a
lost terminal. Then it becomes `python -m praxtui.engine`, with the pid and the start time that it has.

    fork       by a second fork, with the environment and the descriptors that it has
    SOCKET     started by a user manager, which gives it nothing: folder, environment, limits and descriptors come
               through the socket
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import sys

LONGEST = 4 << 20  # bytes of an environment


def main(words: list[str]) -> None:
    """Become the engine; returns in no case, but raises OSError where that fails."""
    # Ignored from here on, so that no hang-up comes before the engine has a handler of its own.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.chdir("/")
    os.umask(0o077)
    if words[0] == "fork":
        folder, ready, keys = words[1], int(words[2]), int(words[3])
        # The parent, first of the session, goes: without it nothing can give this session a terminal again.
        if os.fork():
            os._exit(0)
        environment = dict(os.environ)
    else:
        folder, environment, (log, ready, keys) = _received(words[0])
        for number in (1, 2):
            os.dup2(log, number)
        os.close(log)
    for number in (ready, keys):
        os.set_inheritable(number, True)
    engine = [sys.executable, "-m", "praxtui.engine", folder, str(ready), str(keys)]
    os.execve(sys.executable, engine, environment)


def _received(path: str) -> tuple[str, dict[str, str], list[int]]:
    """Folder, environment, and three descriptors: the log, the pipe to say ready on, the pipe with the keys."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(60)
        channel.connect(path)
        raw, fds, _, _ = socket.recv_fds(channel, 65536, 3)
        while part := channel.recv(65536):
            raw += part
            if len(raw) > LONGEST:
                raise OSError("too much was handed over")
    if len(fds) != 3:
        raise OSError("nothing was handed over: this engine was not started by praxtui")
    given = json.loads(raw)
    for name, soft, hard in given["limits"]:
        _limit(getattr(resource, name), soft, hard)
    if given["cores"]:
        with contextlib.suppress(OSError):  # the user manager has fewer
            os.sched_setaffinity(0, given["cores"])
    return given["folder"], given["environment"], list(fds)


def _limit(number: int, soft: int, hard: int) -> None:
    """The shell's limits, as far as the user manager's own allow."""
    try:
        resource.setrlimit(number, (soft, hard))
    except (OSError, ValueError):
        most = resource.getrlimit(number)[1]
        if soft == resource.RLIM_INFINITY or (most != resource.RLIM_INFINITY and soft > most):
            soft = most
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(number, (soft, most))


if __name__ == "__main__":
    main(sys.argv[1:])
