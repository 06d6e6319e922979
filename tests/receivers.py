"""Real receivers of alerts on this machine: one of Apprise's JSON over HTTP, one of mail."""

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

Server = TypeVar("Server", bound=socketserver.BaseServer)


class Receiver(ThreadingHTTPServer):
    """Takes messages as Apprise's JSON service sends them, and refuses them while told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.is_broken = False
        self.refused = 0
        self.messages: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        self.url = f"json://127.0.0.1:{self.server_address[1]}/secret-path"

    def take(self, message: dict[str, Any]) -> None:
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    def wait_for(self, count: int) -> None:
        """Return when so many messages have come."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.messages) >= count, timeout=60), self.messages


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.server.is_broken:
            self.server.refused += 1
        else:
            self.server.take(body)
        self.send_response(500 if self.server.is_broken else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        del format, args


class PostOffice(socketserver.ThreadingTCPServer):
    """Takes mail over SMTP from who knows the password."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TakingMail)
        self.password = "p@ssword"
        self.mails: list[str] = []
        where = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"mailto://robot:p%40ssword@{where}?mode=insecure&from=robot@plant.example&to=ada@plant.example"


class _TakingMail(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, PostOffice)
        self._say("220 here")
        for line in self.rfile:
            match line.decode().split():
                case ["EHLO" | "ehlo", *_]:
                    self._say("250-here", "250 AUTH PLAIN")
                case ["AUTH", "PLAIN", secret]:
                    knows = base64.b64decode(secret).decode().endswith(f"\0{self.server.password}")
                    self._say("235 welcome" if knows else f"535 {secret} is not how robot with p@ssword is known")
                case ["DATA" | "data"]:
                    self._say("354 go on")
                    self.server.mails.append("".join(text.decode() for text in iter(self.rfile.readline, b".\r\n")))
                    self._say("250 taken")
                case ["QUIT" | "quit"]:
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def receiving(server: Server) -> Iterator[Server]:
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
