"""What holds for all tests: how fast this machine is today is no property of the code, nor is whether it has bwrap."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("praxtui", deadline=None)
settings.load_profile("praxtui")

# Levers of tests talk to the test's own folders. Those that mean the sandbox ask for it.
os.environ["PRAXTUI_SANDBOX"] = "none"
# Engines of tests are no units of whoever runs them. Those that mean the user manager ask for it.
os.environ["PRAXTUI_DETACH"] = "fork"
