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


def empty(path: str) -> None:
    os.truncate(path, 0)
    os.close(os.open(path, os.O_RDONLY | os.O_TRUNC))


def change(path: str) -> None:
    os.utime(path, (0, 0))
    os.chmod(path, 0o600)


def names(path: str) -> None:
    if not os.listdir(path):
        raise OSError("nothing there")


def reach(folder: str) -> None:
    """An address has at most 107 bytes, so that of a descriptor is taken."""
    fd = os.open(folder, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(3)
        one.connect(f"/proc/self/fd/{fd}/socket")


def reach_abstract(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(3)
        one.connect("\0" + name)


def loopback() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen(1)
        connect([str(word) for word in one.getsockname()])


def vsock() -> None:
    """By such a socket a virtual machine reaches its host, from any namespace."""
    socket.socket(40, socket.SOCK_STREAM).close()  # AF_VSOCK, which Python knows from 3.7 on


def rights() -> None:
    """Fails where it has no capabilities and can get none."""
    with open("/proc/self/status") as file:
        said = dict(line.split(":", 1) for line in file if ":" in line)
    if not any(int(said[name], 16) for name in ("CapEff", "CapPrm", "CapInh")) and said["NoNewPrivs"].strip() == "1":
        raise OSError("none")


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


def memory(path: str) -> None:
    """Fails unless a worker process answers, and shared memory can be written."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    worker = context.Process(target=answer, args=(queue,))
    worker.start()
    said = queue.get()
    worker.join()
    write(path)
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
    # In a world of its own, the number of a process outside is that of none, or of one of its own.
    apart = works(processes)
    found = bool(asked["home"]) and works(same, *asked["home"])
    for path in asked["outside"]:
        works(write, path)
    works(write, asked["sealed"])
    works(empty, asked["kept"])
    works(change, asked["kept"])
    said = {
        "read": [path for path in asked["secret"] if works(read, path)],
        "opened": [path for path in asked["kernel"] if works(open_to_write, path)],
        "own": all([works(write, path) for path in asked["inside"]]),
        "data": works(read, asked["data"]),
        "found": found,
        "home": found and works(os.listdir, asked["home"][0]),
        "tcp": works(connect, asked["tcp"]),
        "sent": works(send, ["192.0.2.1", "53"]),  # an address that is nobody's (RFC 5737)
        "loopback": works(loopback),
        "named": works(reach, asked["named"]),
        "abstract": works(reach_abstract, asked["abstract"]),
        "vsock": works(vsock),
        "processes": apart,
        "environ": not apart and works(read, f"/proc/{asked['other']}/environ"),
        "signalled": not apart and works(os.kill, asked["other"], 0),
        "rights": works(rights),
        "memory": works(memory, asked["shared"]),
        "listed": works(names, asked["evaluation"]),
        "tracked": works(read, asked["tracked"]),
        "gpu": bool(asked["gpu"]) and works(gpu, *asked["gpu"]),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
