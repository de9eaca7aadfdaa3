"""A campaign over a real ssh connection: started, cut off, and come back to."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import PATIENCE, Place
from tests.tui.window import Window

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None or os.geteuid() != 0,
    reason="needs sshd and ssh (openssh-server, openssh-client), and root to start the server as it expects",
)


class Server:
    """An sshd on loopback with keys of its own. `client`: the command line that logs in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name in ("host", "id"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        shutil.copy(folder / "id.pub", folder / "authorized_keys")
        kind, key = (folder / "host.pub").read_text().split()[:2]
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
        (folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile {folder}/sshd.pid\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nUseDNS no\n"
        )
        (folder / "ssh_config").write_text(
            f"Host there\nHostName 127.0.0.1\nPort {port}\nUser root\nIdentityFile {folder}/id\nIdentitiesOnly yes\n"
            f"UserKnownHostsFile {folder}/known_hosts\nGlobalKnownHostsFile /dev/null\nBatchMode yes\n"
            "ServerAliveInterval 2\nServerAliveCountMax 2\n"
        )
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd refuses to start without it
        assert SSHD is not None
        log = str(folder / "sshd.log")
        self.process = subprocess.Popen(
            [SSHD, "-D", "-f", str(folder / "sshd_config"), "-E", log],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(self.client("true"), capture_output=True).returncode != 0:
            assert time.monotonic() < deadline, Path(log).read_text()

    def client(self, *words: str, terminal: bool = False) -> list[str]:
        """`ssh` to this server, with a terminal there if asked for."""
        return ["ssh", "-F", str(self._folder / "ssh_config"), *(["-tt"] if terminal else []), "there", *words]

    def cut(self) -> None:
        """Kill the server's side of every connection, as a lost link does in the end."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in children:
            os.kill(int(pid), signal.SIGKILL)

    def close(self) -> None:
        self.cut()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "ssh")
    yield made
    made.close()


def there(place: Place, *words: str) -> str:
    """A command line for the shell at the other end."""
    given = [f"{name}={place.env[name]}" for name in ("PRAXTUI_HOME", "HOME", "PRAXTUI_SANDBOX", "PRAXTUI_DETACH")]
    return (
        shlex.join(["cd", str(place.root)])
        + " && "
        + shlex.join(["env", *given, sys.executable, "-m", "praxtui", *words])
    )


def test_a_campaign_outlives_the_connection_it_was_started_over(place: Place, server: Server) -> None:
    place.hold()
    begun = there(
        place, "run", str(place.leaf), "--name", "c", "--researcher", "null", "--experiments", "2", "--detach"
    )
    done = subprocess.run(server.client(begun), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    place.running()
    engine = place.engine()
    first = Window(server.client(there(place, "attach", "c"), terminal=True), place.env, place.root)
    try:
        first.until(r"running e1")
        server.cut()
        assert first.end() == 255  # ssh's own word for a lost connection
    finally:
        first.close()
    assert place.engine() == engine
    second = Window(server.client(there(place, "attach", "c"), terminal=True), place.env, place.root)
    try:
        second.until(r"running e1")
        place.release()
        second.until(r"finished")
        second.press("q")
        assert second.end() == 0
        assert second.restored
    finally:
        second.close()
    assert place.state().ended == "finished"
