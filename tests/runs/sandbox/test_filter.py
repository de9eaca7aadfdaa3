"""What is refused by number: kinds of sockets, limits of others, rights that a file would lend."""

from __future__ import annotations

import errno
import os
import resource
import struct
from functools import partial
from pathlib import Path

import pytest

from praxtui.runs import seccomp
from praxtui.runs.seccomp import ALLOW, ERRNO, KILL, MACHINES, NETWORK, UNIX
from tests.runs.sandbox.conftest import Yard

only = partial(pytest.mark.parametrize, "kind")
X86, ARM = MACHINES["x86_64"], MACHINES["aarch64"]
REFUSED = ERRNO | errno.EPERM


def verdict(words: list[tuple[int, int, int, int]], audit: int, number: int, *arguments: int) -> int:
    """What the kernel makes of a call: the few instructions that are used, carried out."""
    data = struct.pack("=iIQ6Q", number, audit, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    at = held = 0
    while True:
        code, yes, no, operand = words[at]
        at += 1
        if code == seccomp.RETURN:
            return operand
        if code == seccomp.LOAD:
            held = struct.unpack_from("=I", data, operand)[0]
        else:
            true = {
                seccomp.EQUAL: held == operand,
                seccomp.AT_LEAST: held >= operand,
                seccomp.ANY_BIT: bool(held & operand),
            }[code]
            at += yes if true else no


@pytest.mark.parametrize("known", [X86, ARM])
@pytest.mark.parametrize("families", [UNIX, NETWORK])
@pytest.mark.parametrize("others", [False, True])
def test_the_filter_refuses_what_it_is_for_and_nothing_else(
    known: seccomp.Machine, families: tuple[int, ...], others: bool
) -> None:
    asked = partial(verdict, seccomp.program(known, families, others=others), known.audit)
    for call in (known.socket, known.socketpair):
        for family in range(64):
            assert asked(call, family) == (ALLOW if family in families else REFUSED)
    for call in (*known.keyrings, seccomp.IO_URING_SETUP):
        assert asked(call) == REFUSED
    assert asked(seccomp.CLONE3) == ERRNO | errno.ENOSYS
    for call in (known.clone, known.unshare):
        assert asked(call, seccomp.CLONE_NEWUSER | 17) == REFUSED
        assert asked(call, 17) == ALLOW
    for call, mode in known.chmods:
        assert asked(call, *[0o4755 if n == mode else 0o7000 for n in range(3)]) == REFUSED
        assert asked(call, *[0o2755 if n == mode else 0o7000 for n in range(3)]) == ALLOW
    assert asked(known.prlimit, 0, 7) == ALLOW
    assert asked(known.prlimit, 4711, 7) == (REFUSED if others else ALLOW)
    judged = {known.socket, known.socketpair, known.clone, known.unshare, known.prlimit, seccomp.CLONE3}
    judged |= {*known.keyrings, seccomp.IO_URING_SETUP, *(call for call, _ in known.chmods)}
    for call in set(range(600)) - judged:
        assert asked(call, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF) == ALLOW


def test_calls_by_another_architecture_get_nowhere() -> None:
    words = seccomp.program(X86, NETWORK, others=True)
    assert verdict(words, 0x40000003, 11) == KILL  # i386
    assert verdict(words, X86.audit, 0x40000000 | 41, 1) == ERRNO | errno.ENOSYS  # x32


def test_no_kind_of_socket_is_made_that_namespaces_leave_open(yard: Yard) -> None:
    """AF_VSOCK reaches the host of a virtual machine, and processes in any namespace; others only add to the kernel
    that can be attacked."""
    code = """
import itertools, socket
for family, kind in itertools.product(range(64), (1, 2, 3, 5)):
    if family not in (1, 2, 10, 16):
        try:
            socket.socket(family, kind)
            print("made:", family, kind)
        except PermissionError:
            pass
        except OSError as error:
            print("not refused:", family, kind, error)
left, right = socket.socketpair()
"""
    end, said = yard.run(code)
    assert (end.ok, said) == (True, "")


def test_no_file_lends_the_rights_of_its_owner(yard: Yard) -> None:
    code = """
import os
open("mine", "w").close()
for change in (os.chmod, lambda path, mode: os.fchmod(os.open(path, os.O_RDONLY), mode)):
    try:
        change("mine", 0o4755)
        print("lent")
    except PermissionError:
        change("mine", 0o750)
"""
    end, said = yard.run(code)
    assert (end.ok, said) == (True, "")
    assert (yard.tree / "mine").stat().st_mode & 0o7777 == 0o750


@only(["namespaces", "filter"])
def test_the_limits_of_others_are_left_alone(yard: Yard) -> None:
    """An engine with a limit of 0 bytes to a file could record nothing."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
try:
    resource.prlimit({os.getpid()}, resource.RLIMIT_NOFILE, (256, {before[1]}))
    print("set")
except PermissionError:
    pass
"""
    end, said = yard.run(code)
    try:
        assert (end.ok, said) == (True, "")
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@only(["full", "namespaces"])
def test_rights_times_and_attributes_outside_cannot_be_changed(yard: Yard) -> None:
    kept = yard.root / "kept"
    kept.write_text("content")
    kept.chmod(0o644)
    before = kept.stat()
    code = f"""
import os
path = {str(kept)!r}
for act in (
    lambda: os.chmod(path, 0o777), lambda: os.utime(path, (1, 1)), lambda: os.truncate(path, 1),
    lambda: os.setxattr(path, "user.seen", b"1"),
):
    try:
        act()
        print("done")
    except OSError:
        pass
os.utime(".", (1, 1))
"""
    end, said = yard.run(code)
    assert (end.ok, said) == (True, "")
    after = kept.stat()
    assert (after.st_mode, after.st_mtime, after.st_size) == (before.st_mode, before.st_mtime, before.st_size)
    assert Path(yard.tree).stat().st_mtime == 1
