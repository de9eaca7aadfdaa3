"""What holds for all tests: how fast this machine is today is no property of the code."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("praxtui", deadline=None)
settings.load_profile("praxtui")
