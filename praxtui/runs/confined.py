"""The walls of the rung `partial`, which a process makes around itself before it becomes a command of a run.

Standard library only: the shim's child imports this file. `python -I -S confined.py FILE COMMAND...` makes the walls
that FILE holds and becomes COMMAND: this is how they are tried out.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from praxtui.runs import kernel, landlock, seccomp


def confine(walls: dict, output: int) -> None:  # type: ignore[type-arg]
    """Make `walls`, a `spec.Confine` as a dictionary, around this process. Raises OSError; its `strerror` says what.

    `output`: what is open to write to, and can be opened again by its name in /dev or /proc.
    """
    kernel.leave_keyring()
    if walls["namespaces"]:
        from praxtui.runs import namespaces

        namespaces.enter(network=walls["network"])
        namespaces.cover(walls["empty"])
        namespaces.freeze(walls["writes"], walls["kernel"])
        namespaces.seal(walls["sealed"])
    kernel.no_new_privileges()
    kernel.drop_capabilities()
    _rule(walls, output)
    seccomp.enforce(sockets=not walls["network"] and not walls["namespaces"])


def _rule(walls: dict, output: int) -> None:  # type: ignore[type-arg]
    found = landlock.abi()
    if found < walls["abi"]:
        raise OSError(errno.ENOSYS, f"Landlock has ABI {found} here, and had {walls['abi']} when it was tried out")
    # Where the namespace has no network, the program's own loopback is its own affair.
    rules = landlock.Rules(walls["abi"], tcp=not walls["network"] and not walls["namespaces"])
    rules.allow(walls["reads"], landlock.READ, missing=True)
    rules.allow(walls["lists"], landlock.READ_DIR, missing=True)
    rules.allow(walls["writes"], rules.rights)
    rules.allow(walls["devices"], landlock.READ_FILE | landlock.WRITE_FILE | landlock.TRUNCATE, missing=True)
    if walls["kernel"]:
        rules.allow(("/proc",), landlock.WRITE_FILE)
    if stat.S_ISREG(os.fstat(output).st_mode):  # a pipe needs no rule, and can have none
        rules.allow_open(output, landlock.WRITE_FILE | landlock.TRUNCATE, "its output")
    rules.enforce()


def main(file: str, command: list[str]) -> None:
    """Become `command` behind the walls in `file`; ends with 1 and words where that cannot be."""
    with open(file) as said:
        walls = json.load(said)
    try:
        confine(walls, 1)
        os.execvp(command[0], command)
    except OSError as error:
        print(error.strerror or error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
