"""`python -m praxtui.engine FOLDER [READY_FD [KEYS_FD]]`: the engine of one campaign, a process without a terminal.

READY_FD: a pipe on which one line says, as JSON, that the engine answers (`{"ready": PID}`), or why it cannot start.
KEYS_FD: a pipe that holds what `handed` hands over.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from praxtui.engine import handed
from praxtui.engine.engine import serve
from praxtui.errors import FAULT, UserError
from praxtui.journal import liveness
from praxtui.masking import Masked


def main(argv: list[str]) -> int:
    """Serve the campaign in `argv[0]`; exits with the campaign's code."""
    # A Ctrl-C meant for whoever started this engine: see supervisor.start. To ignore it is to forget it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # A lost terminal is no reason to go. A handler, because what is ignored would be ignored by all that is run, too.
    signal.signal(signal.SIGHUP, lambda *_: None)
    handed.keep_private()
    folder, fd = Path(argv[0]), int(argv[1]) if len(argv) > 1 else None
    given = handed.receive(int(argv[2]) if len(argv) > 2 else None)
    written = logging.StreamHandler()
    written.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=os.environ.get("PRAXTUI_LOG", "INFO").upper(), handlers=[written])

    def say(said: dict[str, Any]) -> None:
        nonlocal fd
        if fd is not None:
            with contextlib.suppress(OSError):  # whoever started this engine may be gone
                os.write(fd, json.dumps(said).encode() + b"\n")
            os.close(fd)
            fd = None

    try:
        return asyncio.run(serve(folder, lambda: say({"ready": os.getpid()}), given))
    except UserError as error:
        logging.error("%s", error)
        taken = isinstance(error, liveness.AlreadyRunning)
        say({"message": error.message, "fix": error.fix, "exit_code": error.exit_code, "taken": taken})
        return error.exit_code
    except Exception as error:
        logging.exception("the engine failed")
        say({"message": f"the engine failed: {error!r}", "fix": f"see {folder / 'engine.log'}", "exit_code": FAULT})
        return FAULT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
