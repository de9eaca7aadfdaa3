"""What one step of the fold is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from praxtui.journal.state import State

Step = Callable[[State, Any, float], None]
"""Changes a thawed state by a fact of the step's kind that happened at a time, in seconds since 1970."""
