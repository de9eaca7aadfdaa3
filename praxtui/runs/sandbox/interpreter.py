"""What a Python needs to be able to run, asked of the Python itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence

from praxtui.runs.sandbox.plan import fewest, within, within_any

ASK_S = 20.0  # seconds; it may lie on a slow network disk

# For any Python 3. Editable installs that work by an import hook stand in no path, only in their record; shared
# libraries that a build for a cluster links to may lie anywhere.
_ASK = """
import json, os, sys
found = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, sys.executable]
found += [p for p in sys.path if p and os.path.isabs(p)]
for name in ("ssl", "ctypes", "sqlite3", "lzma", "bz2", "zlib", "hashlib", "readline"):
    try:
        __import__(name)
    except Exception:
        pass
try:
    with open("/proc/self/maps") as maps:
        found += [os.path.dirname(w[5]) for w in (line.split(None, 5) for line in maps) if len(w) == 6 and "/" in w[5]]
except OSError:
    pass
try:
    from importlib.metadata import distributions
    from urllib.parse import unquote, urlparse
    for one in distributions():
        try:
            said = one.read_text("direct_url.json")
            if said and json.loads(said).get("dir_info", {}).get("editable"):
                found.append(unquote(urlparse(json.loads(said)["url"]).path))
        except Exception:
            pass
except ImportError:
    pass
print()
print(json.dumps([f.strip() for f in found]))
"""

# Variables that name folders, or lists of them, which programs read from.
FOLDERS = ("LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "CUDA_HOME", "CUDA_PATH", "CUDA_ROOT")
MORE = "PRAXTUI_SANDBOX_READ"
FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
# The rest of HF_HOME holds the person's token.
HUGGING_FACE = ("hub", "datasets", "assets", "xet")


class Unanswered(Exception):
    """The interpreter does not say what it needs; the message says why."""


def ask(interpreter: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Every folder and file that `interpreter` reads from, as it says itself. Raises Unanswered."""
    try:
        said = subprocess.run(
            [interpreter, "-c", _ASK],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ASK_S,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=dict(env),
        )
        found = json.loads(said.stdout.splitlines()[-1])
        return tuple(path for path in found if isinstance(path, str) and os.path.isabs(path))
    except subprocess.TimeoutExpired:
        raise Unanswered(f"{interpreter} did not answer within {ASK_S:g} s") from None
    except OSError as error:
        raise Unanswered(f"{interpreter} cannot be executed: {error.strerror or error}") from None
    except (IndexError, ValueError):
        last = (said.stderr.strip().splitlines() or ["no output"])[-1]
        raise Unanswered(f"{interpreter} is not a working Python: {last[:200]}") from None


def readable(
    interpreter: str, env: Mapping[str, str], told: Iterable[str], system: Sequence[str], home: str | None
) -> tuple[str, ...]:
    """What is bound for the interpreter and for what the variables of `env` name; nothing that holds a whole home.

    `told` is what `ask` said, `system` what is bound anyway.
    """
    wanted = [*told, *hops(interpreter)]
    for name in FOLDERS:
        wanted += [path for path in env.get(name, "").split(os.pathsep) if os.path.isabs(path)]
    wanted += [path for name in FILES if os.path.isabs(path := env.get(name, ""))]
    # The person's own word; it is no variable of the run.
    wanted += [path for path in os.environ.get(MORE, "").split(os.pathsep) if os.path.isabs(path)]
    cache = env.get("HF_HOME") or os.path.join(os.path.expanduser("~"), ".cache", "huggingface")
    wanted += [os.path.join(cache, name) for name in HUGGING_FACE]
    both = [path for wish in wanted for path in (os.path.normpath(wish), os.path.realpath(wish))]
    # A home can lie in a folder of the system's; it is empty inside, so what is needed of it is bound all the same.
    missing = [path for path in both if not within_any(path, system) or (home is not None and within(path, home))]
    return fewest([path for path in missing if os.path.exists(path) and not _too_much(path, home)])


def hops(command: str, path: str | None = None) -> Iterator[str]:
    """A program and every link on the way to its file; nothing for what is not found on `path`."""
    at = shutil.which(command, path=path) or ""
    for _ in range(40):  # as many links as the kernel follows
        if not os.path.isabs(at):
            return
        yield at
        if not os.path.islink(at):
            return
        at = os.path.normpath(os.path.join(os.path.dirname(at), os.readlink(at)))


def repositories(folders: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(folders, files) named `.git` at the top of what is bound: an editable install is often a person's repository."""
    found = [os.path.join(folder, ".git") for folder in folders]
    return tuple(path for path in found if os.path.isdir(path)), tuple(path for path in found if os.path.isfile(path))


def _too_much(path: str, home: str | None) -> bool:
    """Whether binding `path` would show the whole file system, or all of a person's home."""
    return path in ("/", "/proc", "/dev") or (home is not None and within(os.path.normpath(home), path))
