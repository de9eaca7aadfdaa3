"""Events: facts with their place in the journal, and the bytes they are kept as.

Facts of a kind or version that this praxtui does not know decode to `Unknown`, are kept, and are skipped by the fold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from praxtui.journal import facts, people
from praxtui.journal.facts import Fact


class Event(msgspec.Struct, frozen=True):
    """A fact with its place in the journal: `seq` counts from 1, `at` is in seconds since 1970."""

    seq: int
    at: float
    fact: Fact


class Unknown(Fact, frozen=True):
    """A fact written by a later praxtui; its bytes are kept as they are."""

    kind: str
    written_version: int
    raw: bytes


KINDS: dict[str, type[Fact]] = {
    name: kind
    for name, kind in {**vars(facts), **vars(people)}.items()
    if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
}

# (kind, version) -> a function from the older form's fields to today's
UPGRADES: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}

_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Any]] = {}


def encode(fact: Fact) -> tuple[str, int, bytes]:
    """The kind, version and JSON of a fact, as the store keeps them.

    Raises msgspec.ValidationError where a number that must be there is NaN or infinite.
    """
    if isinstance(fact, Unknown):
        return fact.kind, fact.written_version, fact.raw
    kind, version, data = type(fact).__name__, type(fact).version, _encoder.encode(fact)
    if b"null" in data:
        # JSON has no NaN and no infinity, null stands for them: what could not be read again is never written.
        decode(kind, version, data)
    return kind, version, data


def decode(kind: str, version: int, data: bytes) -> Fact:
    """The fact that `encode` was given; `Unknown` where kind or version is later than this praxtui."""
    known = KINDS.get(kind)
    if known is None or version > known.version:
        return Unknown(kind=kind, written_version=version, raw=bytes(data))
    if version < known.version:
        fields = msgspec.json.decode(data)
        for step in range(version, known.version):
            fields = UPGRADES[kind, step](fields)
        return msgspec.convert(fields, known)
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(known)
    fact: Fact = decoder.decode(data)
    return fact
