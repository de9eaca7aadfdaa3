"""Facts without secrets, as the journal takes them."""

from __future__ import annotations

import msgspec

from praxtui.journal.facts import Fact
from praxtui.masking import mask_all

PLACES = frozenset(
    {
        *(
            "id",
            "leaf",
            "leaf_name",
            "program",
            "base",
            "head",
            "commit",
            "branch_commit",
            "moved_from",
            "parent",
            "diff",
        ),
        *(
            "state_key",
            "files",
            "levers",
            "experiment",
            "experiments",
            "members",
            "revoked",
            "interpreter",
            "data",
            "key",
        ),
        *("start_commit", "boot", "host", "praxtui", "models", "researcher", "after", "forked_from", "to", "metric"),
        *("holdout", "values", "hints"),
    }
)
"""Fields by which things are found again: commits, paths, digests, names. A person whose secret reads like one of them
would otherwise stop the campaign."""


def masked(fact: Fact) -> Fact:
    """`fact` with the secrets in its texts masked; the very same fact where there is none."""
    if hasattr(fact, "raw"):  # written by a later praxtui: its bytes are kept as they are
        return fact
    changed = {}
    for name in fact.__struct_fields__:
        if name in PLACES:
            continue
        value = getattr(fact, name)
        if isinstance(value, str | list | dict):
            made = mask_all(value, PLACES)
            if made != value:
                changed[name] = made
    return msgspec.structs.replace(fact, **changed) if changed else fact
