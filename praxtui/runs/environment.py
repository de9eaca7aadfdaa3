"""The environment of a run: allow-listed variables of the person, declared secrets, and what praxtui hands over."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from praxtui.errors import UserError
from praxtui.secret_names import has_password, sounds_secret

ALLOWED = (
    *("PATH", "HOME", "LANG", "LC_*", "TZ", "USER", "LOGNAME", "SHELL"),
    *("CUDA_*", "NVIDIA_*", "NCCL_*", "OMP_*", "MKL_*", "LD_LIBRARY_PATH"),
    *("HF_HOME", "HF_HUB_*", "VIRTUAL_ENV", "CONDA_PREFIX", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)


def inherited(secrets: Iterable[str] = (), source: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a run sees of the person's own environment: the allow-list, and `secrets` by name; raises UserError.

    This part goes to the shim as its environment and is named in `pass_env`: it is never written to disk.
    """
    source = os.environ if source is None else source
    declared = list(secrets)
    missing = [name for name in declared if name not in source]
    if missing:
        raise UserError(
            f"constraints.secrets: not set in the environment: {', '.join(missing)}",
            fix=f"export {missing[0]}=... before starting, or take it out of constraints.secrets",
        )
    passed = {name: value for name, value in source.items() if allowed(name, value)}
    return passed | {name: source[name] for name in declared}


def allowed(name: str, value: str = "") -> bool:
    """Whether a variable passes without being declared: not what sounds like a credential, as NVIDIA_API_KEY does, and
    not an address with a password in it, as that of a proxy may have."""
    if sounds_secret(name) or has_password(value):
        return False
    return any(fnmatchcase(name, pattern) for pattern in ALLOWED)


def handed(
    *,
    python: Path,
    path: str,
    experiment: str,
    seed: int,
    budget_s: float,
    data: Path | None,
    scratch: Path,
    cache: Path,
    pycache: Path | None = None,
) -> dict[str, str]:
    """What praxtui adds, none of it secret. `path` is the PATH to begin with; the interpreter's folder comes first.

    `scratch` belongs to this stage alone: an evaluator gets one of its own. `pycache`, for evaluators: where compiled
    modules are kept, so that none is taken from a folder that a lever could write to. It should last: numpy takes three
    times as long to import from an empty one (0.37 s instead of 0.13 s), torch loses 3 s.
    """
    added = {
        "PATH": os.pathsep.join([str(python.parent), *([path] if path else [])]),
        "PRAXTUI_BUDGET_S": f"{budget_s:.10g}",
        "PRAXTUI_SEED": str(seed),
        "PRAXTUI_EXPERIMENT": experiment,
        "PRAXTUI_SCRATCH": str(scratch),
        "PRAXTUI_CACHE": str(cache),
        "PYTHONUNBUFFERED": "1",
        # PYTHONHASHSEED takes no more than 32 bits.
        "PYTHONHASHSEED": str(seed % 2**32),
        "TMPDIR": str(scratch / "tmp"),
        "XDG_CACHE_HOME": str(cache / "xdg"),
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "TRITON_CACHE_DIR": str(cache / "triton"),
        "CUDA_CACHE_PATH": str(cache / "cuda"),
        "MPLCONFIGDIR": str(cache / "matplotlib"),
    }
    if data is not None:
        added["PRAXTUI_DATA"] = str(data)
    if pycache is None:
        added["PYTHONDONTWRITEBYTECODE"] = "1"
    else:
        added["PYTHONPYCACHEPREFIX"] = str(pycache)
    return added


def environment(
    *,
    python: Path,
    experiment: str,
    seed: int,
    budget_s: float,
    data: Path | None,
    scratch: Path,
    cache: Path,
    pycache: Path | None = None,
    secrets: Iterable[str] = (),
    source: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The whole environment of a run: `inherited`, then `handed` over it."""
    own = inherited(secrets, source)
    return own | handed(
        python=python,
        path=own.get("PATH", os.defpath),
        experiment=experiment,
        seed=seed,
        budget_s=budget_s,
        data=data,
        scratch=scratch,
        cache=cache,
        pycache=pycache,
    )


def make_folders(env: Mapping[str, str]) -> None:
    """Create the scratch, temporary and cache folders that `env` names; raises OSError."""
    for name in ("PRAXTUI_SCRATCH", "TMPDIR", "PRAXTUI_CACHE"):
        if name in env:
            Path(env[name]).mkdir(parents=True, exist_ok=True)
