"""Why there is no sandbox here, and exactly what mends it."""

from __future__ import annotations

import os
from pathlib import Path

INSTALL = "install bubblewrap: sudo apt install bubblewrap (dnf, pacman, zypper and apk call it that, too)"
LANDLOCK = "Landlock needs Linux 5.13 or later, with landlock in the kernel's lsm= list"
# What bwrap says where the kernel, or what guards it, refuses it the namespaces.
REFUSALS = ("uid map", "namespace", "RTM_NEWADDR", "not permitted", "Permission denied", "mount", "clone")


def fix_of(said: str) -> str:
    """What to do about bwrap's words `said`; empty where they tell nothing about the machine."""
    if "Unknown option" in said:
        return "update bubblewrap to 0.4 or later"
    if any(word in said for word in REFUSALS):
        return allow_namespaces()
    return ""


def allow_namespaces() -> str:
    """The setting that keeps users from making namespaces, and how to change it."""
    if _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor restricts user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 "
            "(or, for bwrap alone: sudo apt install apparmor-profiles and load its bwrap-userns-restrict)"
        )
    if _sysctl("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _sysctl("user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if in_container():
        return (
            "this is a container: start it with --security-opt seccomp=unconfined "
            "--security-opt systempaths=unconfined (Docker, Podman), or run on the host"
        )
    return "allow user namespaces on this machine, or run as a user who may make them"


def in_container() -> bool:
    """Whether this looks like a container."""
    if any(os.path.exists(path) for path in ("/.dockerenv", "/run/.containerenv")):
        return True
    # The name in small letters is that of systemd's convention.
    return any(name in os.environ for name in ("container", "KUBERNETES_SERVICE_HOST"))


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""
