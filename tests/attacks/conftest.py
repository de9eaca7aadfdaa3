"""Campaigns on leaves of a few lines: real git, real SQLite, real processes."""

from __future__ import annotations

from tests.places import exact, home, leaf

__all__ = ["exact", "home", "leaf"]
