"""Numbers, durations and costs as people read them, with their units; and text that is safe on any terminal."""

from __future__ import annotations

import unicodedata

DASH = "-"  # where there is no value


def plain(text: str) -> str:
    """`text` on one line, without control characters: what others wrote must not steer the terminal."""
    spaced = " ".join(text.split())
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in spaced)


def width(text: str) -> int:
    """Columns that `text` takes on a terminal: wide East Asian characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, columns: int) -> str:
    """`text` in at most `columns` columns, the last one an ellipsis where something was left out."""
    if width(text) <= columns:
        return text
    kept, used = [], 0
    for c in text:
        used += width(c)
        if used > columns - 1:
            break
        kept.append(c)
    return "".join(kept) + "…" if columns > 0 else ""


def clock(seconds: float | None) -> str:
    """A duration: `0.4s` below ten seconds, then `0:19`, `16:15`, `5h12`, `3d04h`."""
    if seconds is None or seconds != seconds or seconds < 0:
        return DASH
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60}h{minutes % 60:02d}"
    hours = round(seconds / 3600)
    return f"{hours // 24}d{hours % 24:02d}h"


def money(usd: float | None) -> str:
    """USD: `free` for nothing, `$1.83`, `$0.0042` where cents would hide it."""
    if usd is None:
        return DASH
    if usd == 0:
        return "free"
    return f"${usd:.2f}" if usd >= 0.1 else f"${usd:.2g}"


def price(usd: float | None) -> str:
    """USD in one cell: like `money`, but `unknown` where nobody knows it."""
    return "unknown" if usd is None else money(usd)


def cost(usd: float, unpriced: int) -> str:
    """What is known of a cost, and how many tokens it leaves out: `$0.42 + 30k tokens of unknown price`, `unknown`."""
    if not unpriced:
        return money(usd)
    return f"{money(usd)} + {count(unpriced)} tokens of unknown price" if usd else "unknown"


def count(number: int) -> str:
    """A number of tokens in at most three digits: `812`, `9.4k`, `120k`, `1.2M`."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        # From where three digits would round up to the next unit.
        if number >= size - size // 2000:
            scaled = number / size
            return f"{scaled:.1f}{unit}" if scaled < 9.95 else f"{scaled:.0f}{unit}"
    return str(number)


def metric(value: float | None) -> str:
    """A metric's value, to four decimals or four significant digits: `2.9141`, `1234.6`, `0.001234`, `1.2e-05`."""
    if value is None:
        return DASH
    if value == 0 or 0.01 <= abs(value) < 1e5:
        digits = 4 if abs(value) < 10 else 3 if abs(value) < 100 else 2 if abs(value) < 1000 else 1
        return f"{value:.{digits}f}"
    return f"{value:.4g}"


def delta(value: float | None, in_sd: float | None) -> str:
    """A difference, positive is better: in noise units where noise is known (`+0.3 sd`), else in the metric's own."""
    if in_sd is not None:
        return f"{in_sd:+.1f} sd"
    if value is None:
        return DASH
    return "0" if value == 0 else f"{value:+.4g}"


def size(octets: float) -> str:
    """Bytes in decimal units: `812 B`, `98.4 MB`, `1.2 TB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if octets < 1000:
            return f"{octets:.0f} {unit}" if unit == "B" else f"{octets:.1f} {unit}"
        octets /= 1000
    return f"{octets:.1f} TB"
