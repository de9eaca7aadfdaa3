"""Saying, before an engine is started, that it will not outlive a logout, the job or the container."""

from __future__ import annotations

import functools
import sys


@functools.cache
def warn(*, detached: bool = True) -> None:
    """One line on stderr where it applies, once a process.

    Who follows a campaign knows that a job or a container ends all that is in it.
    """
    from praxtui.engine.logout import look

    where = look()
    if (detached or not where.inside) and (said := where.warning()):
        print(f"praxtui: {said}", file=sys.stderr, flush=True)
