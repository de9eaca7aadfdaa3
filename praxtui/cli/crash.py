"""Where the traceback of an unexpected error goes."""

from __future__ import annotations

import os
import platform
import tempfile
import time
import traceback
from pathlib import Path

from praxtui import __version__
from praxtui.masking import mask
from praxtui.paths import home, make, private


def write_crash(error: BaseException, words: list[str]) -> tuple[str, Path | None]:
    """Write `crash-TIME-PID.txt` into `PRAXTUI_HOME`, or where that fails into the folder for temporary files.

    Returns the text, and where it was written: None if neither could be.
    """
    trace = "".join(traceback.format_exception(error))
    about = f"praxtui {__version__}, Python {platform.python_version()}, {platform.platform()}"
    text = mask(f"{about}\npraxtui {' '.join(words)}\n\n{trace}")
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in (home(), Path(tempfile.gettempdir())):
        try:
            make(folder)
            where = folder / name
            with open(where, "x", encoding="utf-8", errors="backslashreplace", opener=private) as file:
                file.write(text)
            return text, where
        except OSError:
            continue
    return text, None
