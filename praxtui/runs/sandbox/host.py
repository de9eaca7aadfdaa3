"""What of this machine a confined stage sees, and what of that is masked: looked up once per engine."""

from __future__ import annotations

import glob
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from praxtui import paths
from praxtui.runs import seccomp
from praxtui.runs.sandbox.plan import Host, within_any

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/sys", "/nix", "/gnu")
# Where NixOS keeps the libraries of the GPU's driver.
DRIVERS = ("/run/opengl-driver", "/run/opengl-driver-32")

DEVICES = (
    *("/dev/nvidia[0-9]*", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"),
    *(
        "/dev/nvidia-caps",
        "/dev/nvidia-caps-imex-channels",
        "/dev/nvidia-nvswitch*",
        "/dev/nvidia-nvlink",
        "/dev/gdrdrv",
    ),
    *("/dev/kfd", "/dev/dri/renderD*"),
    "/dev/dxg",
)

# Credentials that some systems leave readable, and the kernel's own back doors, which belong to root.
PRIVATE_FOLDERS = (
    *("/etc/ssh", "/etc/kubernetes", "/etc/rancher", "/etc/munge", "/etc/wireguard", "/etc/letsencrypt"),
    *("/etc/NetworkManager/system-connections", "/etc/ssl/private", "/etc/docker", "/etc/openvpn"),
    *("/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security", "/sys/fs/bpf", "/sys/firmware/efi/efivars"),
)
PRIVATE_FILES = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/krb5.keytab", "/etc/sudoers")
HOSTS = Path(__file__).with_name("hosts")
MOST_LOOKED_AT = 20_000  # entries of /etc


def look(bwrap: str | None = None) -> Host:
    """What is there on this machine."""
    command = bwrap or shutil.which("bwrap") or ""
    there = [path for path in (*SYSTEM, *DRIVERS) if os.path.isdir(path)]
    links = tuple((path, os.readlink(path)) for path in there if os.path.islink(path) and path not in DRIVERS)
    system = tuple(path for path in there if path not in {link for link, _ in links})
    files, folders = masked()
    person = os.path.expanduser("~")
    return Host(
        bwrap=command,
        system=system,
        links=links,
        kernel=kernel(),
        masked_files=files,
        masked_folders=folders,
        devices=devices(),
        flags=_flags(command) if command else (),
        filter=seccomp.machine() is not None,
        home=person if os.path.isabs(person) and (os.path.isdir(person) or not within_any(person, system)) else None,
        private=tuple(str(path) for path in private() if path.is_dir()),
        hosts=str(HOSTS) if stat.S_ISREG(_mode("/etc/hosts")) else None,
        resolver=_resolver(system),
    )


def private() -> Iterator[Path]:
    """Folders that no stage may read even where what holds them is bound: praxtui's own, and the person's keys."""
    yield paths.home()
    yield paths.config_dir()
    person = Path.home()
    for name in (".ssh", ".aws", ".gnupg", ".config", ".kube", ".docker", ".local/share/keyrings", ".netrc.d"):
        yield person / name


def devices() -> tuple[str, ...]:
    """The device nodes of GPUs that are there, NVIDIA's, AMD's and those of WSL."""
    return tuple(sorted({path for pattern in DEVICES for path in glob.glob(pattern)}))


def kernel() -> tuple[str, ...]:
    """What of /proc, beside its processes, root could write: its owner may, whatever rights bwrap takes away.

    A program of root's could name the handler of crashes there, which the kernel starts outside all walls.
    """
    if os.geteuid() != 0:
        return ()
    found = [entry.path for entry in os.scandir("/proc") if not entry.name.isdigit() and not entry.is_symlink()]
    return tuple(sorted(path for path in found if stat.S_ISDIR(_mode(path)) or _mode(path) & 0o222))


def _flags(command: str) -> tuple[str, ...]:
    """Walls of newer versions of bwrap: no worlds within this one, in which a program would have all rights again."""
    try:
        said = subprocess.run([command, "--help"], capture_output=True, timeout=10, stdin=subprocess.DEVNULL, env={})
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(flag for flag in ("--disable-userns",) if flag.encode() in said.stdout + said.stderr)


def masked() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(files, folders) of the system's that are hidden: the private ones, and what not everybody may read.

    This matters for root, who reads everything: for anybody else the kernel says no inside as it does outside.
    """
    files = {path for path in PRIVATE_FILES if os.path.isfile(path) and os.access(path, os.R_OK)}
    folders = {path for path in PRIVATE_FOLDERS if os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK)}
    for path, folder in _not_for_everybody(("/etc",), MOST_LOOKED_AT):
        (folders if folder else files).add(path)
    for path, folder in _not_for_everybody(("/opt",), MOST_LOOKED_AT, deepest=1):
        (folders if folder else files).add(path)
    outer = tuple(folders)
    files = {path for path in files if not within_any(path, outer)}
    folders = {path for path in folders if not within_any(path, [other for other in outer if other != path])}
    return tuple(sorted(files)), tuple(sorted(folders))


def _not_for_everybody(roots: Iterable[str], most: int, deepest: int = 64) -> Iterator[tuple[str, bool]]:
    """(path, whether a folder) of what this user can read and others cannot."""
    pending = [(root, 0) for root in roots]
    looked_at = 0
    while pending and looked_at < most:
        folder, level = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            looked_at += 1
            mode = _mode(entry.path)
            if stat.S_ISDIR(mode):
                if mode & 0o005 != 0o005:
                    if os.access(entry.path, os.R_OK | os.X_OK):
                        yield entry.path, True
                elif level < deepest:
                    pending.append((entry.path, level + 1))
            elif stat.S_ISREG(mode) and not mode & 0o004 and os.access(entry.path, os.R_OK):
                yield entry.path, False


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _resolver(system: tuple[str, ...]) -> tuple[str, ...]:
    """Where /etc/resolv.conf leads to, if that is not bound anyway."""
    real = os.path.realpath("/etc/resolv.conf")
    return (real,) if os.path.exists(real) and not within_any(real, system) else ()
