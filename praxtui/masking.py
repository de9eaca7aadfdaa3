"""Secrets taken out of texts: the values that this process holds, and whatever has the shape of a well-known key.

`mask` is for texts that are shown, kept or sent: a secret becomes `[masked: NAME]`. `blot` is for files that must keep
their length: a secret becomes as many `*`. Both find the same, go through a text once for each thing looked for, take
milliseconds for a megabyte, never raise, and change nothing when applied again.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from praxtui.secret_names import has_password, sounds_secret

SHORTEST = 8
"""Characters. What is shorter stands in ordinary text by chance."""
LONGEST = 32 << 10  # characters of a secret
BLOCK = 4 << 20  # bytes of a file that are looked through at once
_ROUNDS = 4  # what one replacement uncovers, the next finds


class Kind(NamedTuple):
    """A shape of keys. `anchors` are words that one contains; `shape` is matched from there, its group `v` or all of it
    is secret; `alone`: whether a letter or a digit before it makes it something else; `check` has the last word."""

    name: str
    anchors: tuple[str, ...]
    shape: re.Pattern[str]
    alone: bool = True
    check: Callable[[str, int, re.Match[str]], str | None] | None = None


class Span(NamedTuple):
    """Where a secret stands, and what it is called."""

    start: int
    end: int
    name: str


# --- shapes ----------------------------------------------------------------------------------------------------------


def _random(value: str, *, hexadecimal: bool = True) -> bool:
    """Whether a value looks drawn at random: long enough, and changing between small, capital and digit all the time.

    Names, versions, numbers and paths do not. `hexadecimal`: whether hex digits alone, as hashes have, will do.
    """
    if not hexadecimal and _HEX.fullmatch(value):
        return False
    parts = _WORDS.findall(value)
    length = sum(map(len, parts))
    changes = sum(len(_CHANGES.findall(part)) for part in parts)
    return length >= 12 and changes >= 5 and changes >= 0.2 * length


_HEX = re.compile(r"[0-9a-fA-F-]+")
_WORDS = re.compile(r"[A-Za-z0-9]+")
_CHANGES = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[A-Za-z])")
_NAMED = re.compile(r"[A-Za-z0-9_-]*\Z")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
# A word of its own: neither a tokenizer nor a keyword, and no monkey.
_WORD = re.compile(
    r"(?i)(?:^|[_-]|api|auth|access|secret|private)"
    r"(?:key|token|secret|passw[a-z]*|credentials?|bearer|pat|auth)(?=$|[_-]|\d)"
)
# Words that leave no doubt; `key` alone is also what dictionaries and caches have.
_STRONG = re.compile(r"(?i)api|access|secret|token|passw|credential|private|auth|pat\b|bearer|wandb")


def _drawn(text: str, at: int, found: re.Match[str]) -> str | None:
    value = found["v"] if "v" in found.re.groupindex else found[0]
    return "" if _random(value) else None


def _assigned(text: str, at: int, found: re.Match[str]) -> str | None:
    """The name that a value is given to, where both sound like a secret."""
    before = _NAMED.search(text, max(0, at - 40), at)
    name = (before[0] if before else "") + found["name"]
    strong = _STRONG.search(name) is not None
    if not _WORD.search(_HUMPS.sub("_", name)) or not _random(found["v"], hexadecimal=strong):
        return None
    return name[:60].strip("-_")


_ANY_CASE = ("key", "token", "secret", "passw", "credential", "bearer")
_ENDS = ("_PAT", "_pat", "_AUTH", "_auth")
_KINDS = (
    Kind(
        "private key",
        ("-----BEGIN ",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-(?!----)){0,20000}-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{32,200})*)"
        ),
        alone=False,
    ),
    Kind("Anthropic key", ("sk-ant-",), re.compile(r"sk-ant-[A-Za-z0-9_-]{16,}")),
    Kind("OpenAI key", ("sk-",), re.compile(r"sk-[A-Za-z0-9_-]{16,}"), check=_drawn),
    Kind("Google key", ("AIza",), re.compile(r"AIza[A-Za-z0-9_-]{35}")),
    Kind("Hugging Face token", ("hf_",), re.compile(r"hf_[A-Za-z0-9]{30,}")),
    Kind("GitHub token", ("github_pat_",), re.compile(r"github_pat_[A-Za-z0-9_]{22,}")),
    Kind("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), re.compile(r"gh[pousr]_[A-Za-z0-9]{30,}")),
    Kind("GitLab token", ("glpat-",), re.compile(r"glpat-[A-Za-z0-9_-]{20,}")),
    Kind("AWS key", ("AKIA", "ASIA"), re.compile(r"A[KS]IA[0-9A-Z]{16}(?![0-9A-Za-z])")),
    Kind("Slack token", ("xox",), re.compile(r"xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    Kind("token", ("eyJ",), re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{10,}")),
    Kind("token", ("earer ",), re.compile(r"earer\s+(?P<v>[A-Za-z0-9._~+/=-]{16,})"), alone=False, check=_drawn),
    Kind("password", ("://",), re.compile(r"://[^/\s@:\"'<>]*:(?P<v>[^/\s@\"'<>]+)@"), alone=False),
    Kind(
        "wandb key",
        ("wandb", "WANDB", "Wandb"),
        re.compile(r"(?i:wandb[a-z0-9_ .:-]{0,40}(?:key|login))[\"' :=]{1,6}(?P<v>[0-9a-f]{40})(?![0-9a-zA-Z])"),
        alone=False,
    ),
    Kind(
        "value",
        (*(form for word in _ANY_CASE for form in (word, word.upper(), word.capitalize())), *_ENDS),
        re.compile(
            r"(?P<name>[A-Za-z0-9_]{1,60})[\"'\\]{0,4}\s{0,3}[:=]>?\s{0,3}[\"'\\]{0,4}"
            r"(?P<v>[A-Za-z0-9+/_=.~!@#$%^&*-]{12,})"
        ),
        alone=False,
        check=_assigned,
    ),
)  # fmt: skip


_SHORT = tuple(kind for kind in _KINDS if kind.name in ("private key", "password"))
# What every other kind has, and most lines have not.
_LONG = re.compile(r"[A-Za-z0-9+/_=.~!@#$%^&*-]{12}")


def _goes_on(text: str, at: int) -> bool:
    """Whether the character at `at` belongs to the word before it; the `n` of a written `\\n` is none."""
    if not at or not (text[at - 1].isalnum() or text[at - 1] == "_"):
        return False
    return not (at > 1 and text[at - 1] in "nrt" and text[at - 2] == "\\")


def _shapes(text: str) -> Iterator[Span]:
    """Everything in `text` that has the shape of a key."""
    for kind in _KINDS if _LONG.search(text) else _SHORT:
        for anchor in kind.anchors:
            at = text.find(anchor)
            while at >= 0:
                end = at + len(anchor)
                if not (kind.alone and _goes_on(text, at)):
                    found = kind.shape.match(text, at)
                    if found is not None:
                        said = kind.check(text, at, found) if kind.check else ""
                        if said is not None:
                            yield Span(*found.span("v" if "v" in found.re.groupindex else 0), said or kind.name)
                        # What follows is looked at again only from the end: a text of nothing but beginnings of keys
                        # takes no longer than any other.
                        end = found.end()
                at = text.find(anchor, end)


# --- values ----------------------------------------------------------------------------------------------------------


def forms(value: str) -> tuple[str, ...]:
    """How a value may stand in a text: as it is, quoted for an address or JSON, in hex, in base64 wherever it begins.

    Of base64 only the part that the value alone decides, so that it is found in the middle of something longer.
    """
    from urllib.parse import quote, quote_plus  # not needed by those who hold nothing

    raw = value.encode("utf-8", "surrogateescape")
    found = [value, value.strip(), quote(raw, safe=""), quote_plus(raw), raw.hex(), raw.hex().upper()]
    for ascii_only in (True, False):
        found.append(json.dumps(value, ensure_ascii=ascii_only)[1:-1])
    found.append(repr(value)[1:-1])
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + raw).decode()
        # The first characters also hold the bytes before; the last one that is not full, those after.
        part = whole[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6]
        found += [part, part.replace("+", "-").replace("/", "_")]
    return tuple(dict.fromkeys(form for form in found if len(form) >= SHORTEST))


class Held:
    """The values that this process holds, by their names; names only ever grow in number."""

    def __init__(self) -> None:
        self._named: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """Look for a value from now on; one that is too short, or part of what it would be replaced by, is not."""
        label = _label(name)
        if not SHORTEST <= len(value) <= LONGEST or len(value.strip()) < SHORTEST or value in label:
            return
        for form in forms(value):
            if form not in label:
                self._named.setdefault(form, name)
                # A file's bytes are looked through as if each were a character.
                self._named.setdefault(form.encode("utf-8", "surrogateescape").decode("latin-1"), name)

    def clear(self) -> None:
        """Forget all."""
        self._named.clear()

    def spans(self, text: str) -> Iterator[Span]:
        """Where held values stand."""
        for form, name in self._named.items():
            at = text.find(form)
            while at >= 0:
                yield Span(at, at + len(form), name)
                at = text.find(form, at + 1)


HELD = Held()


def hold(values: Mapping[str, str], declared: bool = False) -> None:
    """Have the secrets among `values` (name to value) masked from now on, whatever their shape.

    Secret is what a name says is, and an address with a password in it; `declared`: all of them.
    """
    for name, value in values.items():
        if declared or sounds_secret(name) or has_password(value):
            HELD.add(name, value)


# --- texts -----------------------------------------------------------------------------------------------------------


def mask(text: str) -> str:
    """`text` with every secret replaced by `[masked: NAME]`; the very same text where there is none."""
    for _ in range(_ROUNDS):
        found = _joined(text)
        if not found:
            break
        parts, at = [], 0
        for start, end, name in found:
            parts += [text[at:start], _label(name)]
            at = end
        text = "".join([*parts, text[at:]])
    return text


def mask_all(value: Any, keep: frozenset[str] = frozenset()) -> Any:
    """`mask` applied to every text in nested lists and dictionaries; not to keys, nor to what stands under `keep`."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {name: one if name in keep else mask_all(one, keep) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [mask_all(one, keep) for one in value]
    return value


def blot(data: bytes, whole: bool = True) -> bytes:
    """`data` with every secret replaced by as many `*`; the very same bytes where there is none.

    `whole`: whether nothing follows; else what reaches to the end is left to whoever sees more of it.
    """
    text = data.decode("latin-1")
    found = [span for span in _joined(text) if whole or span.end < len(data)]
    if not found:
        return data
    made = bytearray(data)
    for start, end, _ in found:
        # Lines keep their ends: a log's lines are found again by them.
        made[start:end] = bytes(byte if byte in b"\r\n" else 0x2A for byte in made[start:end])
    return bytes(made)


def blot_file(fd: int) -> int:
    """Blot out every secret in an open file, in place; the number of bytes that changed. Raises OSError."""
    at = changed = 0
    while data := os.pread(fd, BLOCK, at):
        last = len(data) < BLOCK
        made = blot(data, whole=last)
        if made is not data:
            os.pwrite(fd, made, at)
            changed += sum(a != b for a, b in zip(data, made, strict=True))
        if last:
            break
        # A secret that reaches over the end begins in the part that is looked at again.
        at += len(data) - LONGEST
    return changed


class Masked(logging.Formatter):
    """Log lines, tracebacks included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it may be written."""
        return mask(super().format(record))


def _label(name: str) -> str:
    return f"[masked: {name}]"


def _joined(text: str) -> list[Span]:
    """What is found, in order; what overlaps is one, under the name of what begins first."""
    found: list[Span] = []
    for span in sorted([*HELD.spans(text), *_shapes(text)], key=lambda span: (span.start, -span.end)):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end), found[-1].name)
        else:
            found.append(span)
    return found
