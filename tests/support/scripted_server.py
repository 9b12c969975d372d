"""A server of bytes on 127.0.0.1, for what no mail server can be made to do: a function talks to each client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["Client", "scripted_server"]


class Client:
    """A connection to the server, by lines."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def say(self, text: str | bytes) -> None:
        """Send bytes, or a line."""
        self._connection.sendall(f"{text}\r\n".encode() if isinstance(text, str) else text)

    def hear(self) -> str:
        """Read a line; empty at the end."""
        return self._file.readline().decode("utf-8", "replace").rstrip("\r\n")

    def hear_content(self) -> bytes:
        """Read a message up to its dot."""
        lines = []
        while (line := self._file.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        return b"".join(lines)

    def answer(self, **answers: str) -> str:
        """Answer commands by their verb, `250 ok` without one, until one that is to `end`; return it."""
        while line := self.hear():
            verb = line.split(" ")[0].split(":")[0].upper()
            said = answers.get(verb.lower(), "221 bye" if verb == "QUIT" else "250 ok")
            if said == "end":
                return verb
            self.say(said)
            if verb == "QUIT":
                break
        return ""


@contextmanager
def scripted_server(*scripts: Callable[[Client], None]) -> Iterator[int]:
    """Talk to one client after another, by one script after another and the last again and again; yield the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    talks: list[threading.Thread] = []
    clients: list[socket.socket] = []

    def talk(connection: socket.socket, script: Callable[[Client], None]) -> None:
        with connection, suppress(OSError):
            script(Client(connection))

    def listen() -> None:
        waiting = list(scripts)
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                clients.append(connection)
                script = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                talks.append(threading.Thread(target=talk, args=(connection, script)))
                talks[-1].start()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
        for client in clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for each in talks:
            each.join()
