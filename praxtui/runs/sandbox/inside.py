"""What the canary tries from inside the sandbox: `python -c <this file> JSON`; prints one JSON object.

Standard library only and nothing of praxtui, for whatever Python the leaf runs with.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys


def write(path: str) -> None:
    with open(path, "w") as file:
        file.write("written")


def read(path: str) -> None:
    with open(path, "rb") as file:
        if not file.read(1):
            raise OSError("nothing there")


def open_to_write(path: str) -> None:
    """Nothing is written: what these files control is the kernel itself."""
    os.close(os.open(path, os.O_WRONLY))


def same(path: str, identity: list[int]) -> None:
    found = os.stat(path)
    if [found.st_dev, found.st_ino] != identity:
        raise OSError("another folder")


def connect(address: list[str]) -> None:
    socket.create_connection((address[0], int(address[1])), 3).close()


def send(address: list[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"canary", (address[0], int(address[1])))


def processes() -> None:
    """Fails unless this is a world of its own, with a /proc that shows no other."""
    if int(os.readlink("/proc/self")) != os.getpid() or os.getpid() > 100:
        raise OSError("the machine's processes")


def answer(queue: object) -> None:
    queue.put(42)  # type: ignore[attr-defined]


def memory() -> None:
    """Fails unless a worker process answers, and shared memory can be written."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    worker = context.Process(target=answer, args=(queue,))
    worker.start()
    said = queue.get()
    worker.join()
    write("/dev/shm/canary")
    if said != 42 or worker.exitcode != 0:
        raise OSError("no answer")


def gpu(library: str, function: str) -> None:
    code = getattr(ctypes.CDLL(library), function)(0)
    if code != 0:
        raise OSError(code)


def works(act: object, *args: object) -> bool:
    try:
        act(*args)  # type: ignore[operator]
    except Exception:
        return False
    return True


def main(asked: dict) -> None:  # type: ignore[type-arg]
    works(send, asked["udp"])
    said = {
        "written": [path for path in asked["outside"] if works(write, path)]
        + [path for path in asked["kernel"] if works(open_to_write, path)],
        "read": [path for path in asked["secret"] if works(read, path)],
        "own": all([works(write, path) for path in asked["inside"]]),
        "data": works(read, asked["data"]),
        "home": bool(asked["home"]) and works(same, *asked["home"]),
        "tcp": works(connect, asked["tcp"]),
        "sent": works(send, ["192.0.2.1", "53"]),  # an address that is nobody's (RFC 5737)
        "processes": works(processes),
        "memory": works(memory),
        "gpu": bool(asked["gpu"]) and works(gpu, *asked["gpu"]),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
