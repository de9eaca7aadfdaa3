"""`python -m praxtui` is `praxtui`."""

from __future__ import annotations

import sys

from praxtui.cli.main import main

sys.exit(main())
