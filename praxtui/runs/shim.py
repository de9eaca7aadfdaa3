"""The small program that stands over one run and outlives the engine: `python -I -S shim.py RUNDIR`.

It reads `spec.json`, runs its stages one after the other (each only if those before it exited 0), hands artifacts over
between them, holds the deadline, ends whole process trees, and writes `exit.json`. It and the files that it imports
need only a little of the standard library, so that it starts in milliseconds and no package of the leaf can break it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time

# At the end of the path: nothing that is installed beside praxtui can take the place of the standard library.
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from praxtui.runs import proc
from praxtui.runs.artifacts import Handover, Unfit
from praxtui.runs.folder import Folder
from praxtui.runs.seal import Seal
from praxtui.runs.stage import Stage
from praxtui.runs.watch import Ended, Watch

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36  # linux/prctl.h


class Run:
    """The stages of one run, and the record that becomes exit.json."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.spec = json.loads(folder.read("spec.json"))
        self.began, self.started = time.monotonic(), time.time()
        self.watch = Watch(folder, self.spec.get("timeout_s"))
        self.stages: list[Stage] = []
        self.refused: list[str] = []

    def go(self) -> tuple[str, str | None]:
        """Run the stages; (why it ended, what there is to say about it)."""
        try:
            # Opened before anything runs: a run cannot put another folder in the place of one of these later.
            folders = [open_handover(spec.get("handover")) for spec in self.spec["stages"]]
            seals = [Seal((spec.get("handover") or {}).get("sealed", [])) for spec in self.spec["stages"]]
            for spec, opened, seal in zip(self.spec["stages"], folders, seals, strict=True):
                self.watch.check()
                broken = seal.broken()
                if broken:
                    raise Ended("seal", f"the run changed what the evaluator runs on: {', '.join(broken)}")
                if opened is not None:
                    self.hand_over(opened, spec["handover"]["paths"])
                stage = Stage(self.folder, self.watch, spec, self.spec)
                self.stages.append(stage)
                stage.go()
                if stage.code != 0:
                    break
        except Ended as end:
            return end.why, end.message
        return "exit", None

    def hand_over(self, opened: tuple[int, int], paths: list[str]) -> None:
        handover = Handover(*opened, self.watch.check)
        try:
            handover.take(paths)
        except Unfit as unfit:
            raise Ended("artifact", str(unfit)) from None
        finally:
            self.refused += handover.refused
            if handover.more:
                self.refused.append(f"and {handover.more} more")

    def result(self, why: str, message: str | None) -> dict:  # type: ignore[type-arg]
        stuck = [pid for stage in self.stages for pid in stage.stuck]
        if stuck:
            message = f"{message or why}; stuck in the kernel, could not be killed: {stuck[:20]}"
        refused = self.refused + [f"{name}: was there before its time" for name in self.folder.found]
        return {
            "why": why,
            "message": message[:4000] if message else None,
            "stages": [stage.record() for stage in self.stages],
            "refused": refused,
            "disk_full": self.folder.full(),
            "started": self.started,
            "ended": time.time(),
            "seconds": round(time.monotonic() - self.began, 3),
            "boot": proc.boot_id(),
        }


def open_handover(handover: dict | None) -> tuple[int, int] | None:  # type: ignore[type-arg]
    """The two folders of a stage's handover, opened; `to` is made where it is missing."""
    if not handover:
        return None
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        os.makedirs(handover["to"], exist_ok=True)
        return os.open(handover["from"], flags), os.open(handover["to"], flags)
    except OSError as error:
        raise Ended("artifact", f"cannot hand over: {error.filename}: {error.strerror}") from None


def main(path: str) -> int:
    """Be the shim of the run in `path`; 0 once exit.json is written."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # One stage may get secrets that another must not read out of the shim's /proc/PID/environ.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    # What the engine had open is none of a run's business, and a lock held here would outlive the engine.
    os.closerange(3, 4096)
    folder = Folder(path)
    os.chdir("/")
    if folder.exists("exit.json"):
        return 0  # given up as lost before the shim came up
    run = Run(folder)
    me = os.getpid()
    who = {"pid": me, "start": proc.start_of(me), "boot": proc.boot_id()}
    folder.write("shim.json", {**who, "monotonic": run.began})
    folder.hold_space()
    # Whoever started the shim reads the end of its output as: it is there, and takes signals.
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    try:
        why, message = run.go()
    except Exception:
        import traceback

        why, message = "lost", f"the shim failed: {traceback.format_exc()}"
    return 0 if folder.finish(run.result(why, message)) else 1


if __name__ == "__main__":
    # Not sys.exit: there is nothing left to tidy up, and somebody waits for the end.
    os._exit(main(sys.argv[1]))
