"""The HTTP server: one thread a connection, both wires on one port, and every way in which a provider goes wrong."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from types import ModuleType, TracebackType
from typing import Any

from tests.scripted import anthropic_wire, openai_wire
from tests.scripted.cache import Cache, tokens
from tests.scripted.said import Answer, Asked, Broken, Down, Fault, Hold, Play, Said, Used

TICK = 0.02  # seconds between looks at what may end a wait
WIRES: dict[str, ModuleType] = {openai_wire.PATH: openai_wire, anthropic_wire.PATH: anthropic_wire}
NO_KEY = Fault(401, "Incorrect API key provided: it was revoked.", code="invalid_api_key")
CUT_ERROR = Fault(529, "Overloaded", kind="overloaded_error")


@dataclass(eq=False)
class Seen:
    """One request for an answer. `ended` is set once that is out or broke off; `hung_up`: the client went away."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    asked: Asked
    answer: Answer | None = None
    used: Used | None = None
    hung_up: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


class HungUp(Exception):
    """The client closed the connection, or the server is closing."""


class Server:
    """A model server on a loopback port, from `with` to its end.

    `models`: the names that it knows (None: any), `keys`: the API keys that it takes (None: any). `requests` keeps the
    last `keep` of them (None: all), oldest first. `cache_from`: the shortest prompt that is cached, in tokens. Leaving
    the `with` raises what a play raised. Plays are asked one at a time.
    """

    def __init__(
        self, play: Play, *, models: Sequence[str] | None = None, keys: Sequence[str] | None = None, port: int = 0,
        keep: int | None = None, cache_from: int = 1024,
    ) -> None:  # fmt: skip
        self.play = play
        self.models = models
        self.keys = keys
        self.keep = keep
        self.requests: list[Seen] = []
        self.asked = 0
        self.broken: list[BaseException] = []
        self.closing = threading.Event()
        self._cache = Cache(cache_from)
        self._lock = threading.RLock()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._timers: list[threading.Timer] = []
        # Holds the port while nothing listens on it, so that connections are refused and nobody else takes it.
        self._reserved = self._bound(port)
        self.port: int = self._reserved.getsockname()[1]
        self._listener: socket.socket | None = None

    @property
    def openai_base(self) -> str:
        """What `api_base` of an `openai/NAME` model is."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_base(self) -> str:
        """What `api_base` of an `anthropic/NAME` model is."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self.up()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()
        if self.broken and error is None:
            raise AssertionError(f"the play raised {self.broken[0]!r}") from self.broken[0]

    # --- up and down -------------------------------------------------------------------------------------------------

    def up(self) -> None:
        """Listen; nothing where it does."""
        with self._lock:
            if self._listener is None and not self.closing.is_set():
                listener = self._bound(self.port)
                listener.listen(64)
                listener.settimeout(TICK)
                self._listener = listener
                self._start(self._accept, listener)

    def down(self) -> None:
        """Refuse new connections and reset those that there are, until `up`."""
        with self._lock:
            listener, self._listener = self._listener, None
            if listener is not None:
                listener.close()
            for connection in self._open:
                reset_on_close(connection)
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End everything; returns when no thread and no socket is left."""
        self.closing.set()
        for timer in self._timers:
            timer.cancel()
            timer.join()
        self.down()
        while True:
            with self._lock:
                running = next(iter(self._threads), None)
            if running is None:
                break
            running.join()
            self._threads.discard(running)
        self._reserved.close()

    def down_for(self, seconds: float | None) -> None:
        """`down`, and `up` again after `seconds`; None stays down."""
        self.down()
        if seconds is not None:
            timer = threading.Timer(seconds, self.up)
            self._timers.append(timer)
            timer.start()

    @staticmethod
    def _bound(port: int) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(("127.0.0.1", port))
        return made

    def _start(self, work: Any, *given: Any) -> None:
        def run() -> None:
            try:
                work(*given)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="scripted", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while self._listener is listener:
            try:
                connection, address = listener.accept()
            except TimeoutError:
                continue
            except OSError:  # closed by `down`
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
            self._start(self._converse, connection, address)

    def _converse(self, connection: socket.socket, address: Any) -> None:
        try:
            _Handler(connection, address, self)  # type: ignore[arg-type]
        except (OSError, HungUp):
            pass  # the client's business
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    # --- answering ---------------------------------------------------------------------------------------------------

    def answer(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Seen:
        """Ask the play; keeps the request."""
        with self._lock:
            self.asked += 1
            wire = WIRES[path]
            seen = Seen(path, headers, body, wire.read(body, headers, self.asked))
            self.requests.append(seen)
            if self.keep is not None:
                del self.requests[: -self.keep or len(self.requests)]
            seen.answer = self._answer(seen.asked)
            said = seen.answer.said if isinstance(seen.answer, Broken) else seen.answer
            if isinstance(said, Said):
                counted: Used = wire.used(self._cache, seen.asked)
                output = tokens(said.text + said.thinking + "".join(f"{c.name}({c.arguments})" for c in said.calls))
                seen.used = said.usage or replace(counted, output=output)
            return seen

    def _answer(self, asked: Asked) -> Answer:
        if self.keys is not None and asked.key not in self.keys:
            return NO_KEY
        if self.models is not None and asked.model not in self.models:
            return Fault(404, f"The model `{asked.model}` does not exist", code="model_not_found")
        try:
            return self.play(asked)
        except Exception as error:
            self.broken.append(error)
            return Fault(500, f"the play raised {error!r}")


class _Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests as both providers do."""

    protocol_version = "HTTP/1.1"
    server: Server  # type: ignore[assignment]

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests read `Server.requests`."""

    def do_GET(self) -> None:
        if self.path.split("?")[0] != "/v1/models":
            self._whole(404, {"error": {"message": f"no such path: {self.path}", "type": "invalid_request_error"}})
            return
        wire = anthropic_wire if "anthropic-version" in self.headers else openai_wire
        key = self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")
        if self.server.keys is not None and key not in self.server.keys:
            self._whole(401, wire.error(NO_KEY))
        else:
            self._whole(200, wire.models(list(self.server.models or ("scripted",))))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = self.path.split("?")[0]
        if path not in WIRES:
            self._whole(404, {"error": {"message": f"no such path: {path}", "type": "invalid_request_error"}})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = self.server.answer(path, headers, json.loads(raw))
        try:
            self._send(WIRES[path], seen)
        except (OSError, HungUp):
            seen.hung_up = True
            self.close_connection = True
        finally:
            seen.ended.set()

    def _send(self, wire: ModuleType, seen: Seen) -> None:
        answer = seen.answer
        if isinstance(answer, Fault):
            self._fault(wire, answer)
        elif isinstance(answer, Down):
            self.server.down_for(answer.seconds)
            self._reset()
        elif isinstance(answer, Broken):
            self._break_off(wire, seen, answer)
        elif answer is not None:
            self._say(wire, seen, _named(seen.asked, answer))

    def _say(self, wire: ModuleType, seen: Seen, said: Said) -> None:
        if seen.asked.stream:
            self._stream(self._paced(said, wire.events(seen.asked, said, seen.used)))
            self.wfile.write(b"0\r\n\r\n")
            return
        for hold in said.holds:
            self._stand(hold)
        self._whole(200, wire.whole(seen.asked, said, seen.used))

    def _fault(self, wire: ModuleType, fault: Fault) -> None:
        if fault.page is not None:
            self._reply(fault.status, fault.page.encode(), "text/html; charset=utf-8", fault.headers)
        else:
            self._whole(fault.status, wire.error(fault), fault.headers)

    def _break_off(self, wire: ModuleType, seen: Seen, answer: Broken) -> None:
        said = _named(seen.asked, answer.said)
        if not seen.asked.stream:  # nothing to break off in but the body
            if answer.how == "silent":
                self._stand(answer.hold)
            elif answer.how in ("error", "unfinished"):
                self._whole(500, wire.error(CUT_ERROR))
                return
            self._reset()
            return
        events = wire.events(seen.asked, said, seen.used)
        self._stream(iter(events[: len(events) // 2 if answer.after is None else answer.after]))
        if answer.how == "unfinished":
            self.wfile.write(b"0\r\n\r\n")
            return
        if answer.how == "error":
            self._chunk(wire.error_event(CUT_ERROR))
            self.wfile.write(b"0\r\n\r\n")
            return
        if answer.how == "silent":
            self._stand(answer.hold)
        if answer.how == "reset":
            self._reset()
        self.close_connection = True

    def _paced(self, said: Said, events: list[bytes]) -> Iterator[bytes]:
        for at, event in enumerate(events):
            for hold in said.holds:
                if hold.before == at:
                    self._stand(hold)
            if said.pause_s:
                time.sleep(said.pause_s)
            yield event

    def _stream(self, events: Iterator[bytes]) -> None:
        begun = False
        for event in events:
            if not begun:
                self._head(200, "text/event-stream; charset=utf-8", {"transfer-encoding": "chunked"})
                begun = True
            self._chunk(event)

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _whole(self, status: int, document: Mapping[str, Any], headers: Mapping[str, str] = {}) -> None:
        self._reply(status, json.dumps(document).encode(), "application/json", headers)

    def _reply(self, status: int, raw: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self._head(status, kind, {**headers, "content-length": str(len(raw))})
        self.wfile.write(raw)

    def _head(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "x-request-id": "req_scripted", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _stand(self, hold: Hold) -> None:
        """Wait for a hold; raises HungUp when nobody is there any more."""
        hold.reached.set()
        while not hold.release.wait(TICK):
            if self.server.closing.is_set() or self._gone():
                raise HungUp

    def _gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""

    def _reset(self) -> None:
        reset_on_close(self.connection)
        self.connection.close()
        self.close_connection = True


def reset_on_close(connection: socket.socket) -> None:
    """Make the close of a connection a RST, so that the other side sees an error and not an end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _named(asked: Asked, said: Said) -> Said:
    """The answer with an id for every call."""
    stem = "call" if asked.wire == "openai" else "toolu"
    calls = (replace(call, id=call.id or f"{stem}_{asked.n}_{at}") for at, call in enumerate(said.calls, 1))
    return replace(said, calls=tuple(calls))
