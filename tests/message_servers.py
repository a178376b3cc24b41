"""Servers on the loopback that take messages: a web address and a mail server."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Room:
    """A web address. `answer` is the status of what comes next; 0 hangs up without one."""

    def __init__(self) -> None:
        self.answer = 200
        self.headers: dict[str, str] = {}
        self.got: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.keys: list[str] = []
        self.url = ""


@contextlib.contextmanager
def room() -> Iterator[Room]:
    own = Room()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            own.paths.append(self.path)
            own.keys.append(self.headers.get("Idempotency-Key", ""))
            own.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if own.answer:
                self.send_response(own.answer)
                for name, value in own.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, _served(server):
        own.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield own


class PostOffice:
    """A mail server. `after_data` is its answer to a whole mail; "" hangs up without one."""

    def __init__(self) -> None:
        self.to_recipient = "250 ok"
        self.after_data = "250 taken"
        self.mails: list[str] = []
        self.port = 0


@contextlib.contextmanager
def post_office() -> Iterator[PostOffice]:
    own = PostOffice()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            for raw in self.rfile:
                word = raw[:4].upper().strip()
                if word == b"DATA":
                    self.say("354 go on")
                    own.mails.append(self.mail())
                    if not own.after_data:
                        return
                    self.say(own.after_data)
                else:
                    self.say(own.to_recipient if word == b"RCPT" else "250 ok")
                if word == b"QUIT":
                    return

        def mail(self) -> str:
            lines = []
            for raw in self.rfile:
                if raw == b".\r\n":
                    break
                lines.append(raw.decode())
            return "".join(lines)

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server, _served(server):
        own.port = server.server_address[1]
        yield own


@contextlib.contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
