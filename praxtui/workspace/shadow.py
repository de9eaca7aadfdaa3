"""Why a new lever file would be imported in place of a module that the evaluator trusts."""

from __future__ import annotations

import sys
from collections.abc import Collection

_HOOKS = {"sitecustomize", "usercustomize", "conftest"}
_LOADED = (".pth", "._pth", ".so", ".pyd", ".pyc", ".pyo", ".egg", ".egg-link", ".dylib")
_METADATA = (".dist-info", ".egg-info")


def shadowing(path: str, sealed_files: Collection[str], installed: Collection[str] = ()) -> str | None:
    """A sentence saying what the new file `path` (POSIX, relative to the leaf) would stand in for; None if nothing.

    Python looks first in the folder of the script it runs. So names of the standard library, of `installed` top-level
    packages and of start-up hooks are refused at the leaf's top and in every folder that holds sealed scripts and is
    no package; names of sealed modules are refused beside them, where a package would win over a module.
    """
    parts = path.split("/")
    name = parts[-1]
    if name.casefold().endswith(_LOADED) or name == "pyvenv.cfg":
        return f"{path} would be loaded by Python as compiled code or start-up configuration"
    if "__pycache__" in parts[:-1]:
        return f"{path} would be loaded in place of the source it is named after"
    if any(part.casefold().endswith(_METADATA) for part in parts):
        return f"{path} would register itself as an installed package"
    if not name.endswith(".py"):
        return None
    roots = _script_folders(sealed_files)
    for depth, part in enumerate(parts):
        folder = "/".join(parts[:depth])
        module = part.removesuffix(".py") if depth == len(parts) - 1 else part
        if folder in roots and (reason := _known(module, installed)):
            return f"{path} would be imported in place of {reason}"
        if sealed := _sealed_module(folder, module, path, sealed_files):
            return f"{path} would be imported in place of the sealed {sealed}"
    return None


def _known(module: str, installed: Collection[str]) -> str | None:
    if module in _HOOKS:
        return f"nothing, but by itself: {module} is run before any evaluator"
    if module in sys.stdlib_module_names:
        return f"Python's own module {module}"
    return f"the installed package {module}" if module in installed else None


def _script_folders(sealed_files: Collection[str]) -> set[str]:
    """The leaf's top, and folders with sealed Python files that are not packages: scripts may be run from there."""
    scripts = {path.rpartition("/")[0] for path in sealed_files if path.endswith(".py")}
    return {""} | {folder for folder in scripts if f"{folder}/__init__.py" not in sealed_files}


def _sealed_module(folder: str, module: str, path: str, sealed_files: Collection[str]) -> str | None:
    """The sealed module or package called `module` in `folder` that `path`, as a module of another form, would hide."""
    stem = f"{folder}/{module}" if folder else module
    plain, package = f"{stem}.py", f"{stem}/__init__.py"
    if plain in sealed_files and path != plain:
        return plain
    if path == plain and any(file.startswith(f"{stem}/") and file.endswith(".py") for file in sealed_files):
        return package if package in sealed_files else f"{stem}/"
    return None
