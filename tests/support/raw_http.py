"""Requests as bytes, however odd, and the answers as they come over the socket."""

import json
import re
import socket
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_PAUSE_SECONDS = 0.002


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    address: tuple[str, int], parts: list[bytes], *, answers: int = 1, timeout: float = 20
) -> list[Answer]:
    """The answers to what is sent in pieces, on a connection of its own."""
    with socket.create_connection(address, timeout=timeout) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, part in enumerate(parts):
            if number:
                _pause(connection)
            connection.sendall(part)
        return receive(connection, answers)


def receive(connection: socket.socket, wanted: int) -> list[Answer]:
    """Fewer than ``wanted`` where the server closes the connection."""
    held, found = bytearray(), list[Answer]()
    while len(found) < wanted:
        while (end := held.find(b"\r\n\r\n")) < 0:
            more = connection.recv(65_536)
            if not more:
                return found
            held += more
        lines = held[:end].decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (one.partition(": ") for one in lines[1:])
        }
        size = int(headers.get("content-length", 0))
        while len(held) < end + 4 + size:
            more = connection.recv(65_536)
            if not more:
                return found
            held += more
        status = int(re.split(" ", lines[0])[1])
        found.append(Answer(status, headers, bytes(held[end + 4 : end + 4 + size])))
        del held[: end + 4 + size]
    return found


def _pause(connection: socket.socket) -> None:
    """So long that the server has read what was sent before."""
    connection.settimeout(_PAUSE_SECONDS)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except (TimeoutError, BlockingIOError):
        pass
    finally:
        connection.settimeout(20)
