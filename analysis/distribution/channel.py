"""Messages between a process and its workers: a kind, a number and bytes, over a socket."""

from __future__ import annotations

import socket
import struct
from typing import Final

SHARED: Final = 1
"""What all items share: a file follows, as a descriptor; the number is its length."""

TASK: Final = 2
"""A task, and its number."""

RESULT: Final = 3
"""What a task has come to, and its number."""

HEADER = struct.Struct("<qqq")


class Channel:
    """One end of a socket.

    Parameters
    ----------
    end : socket
        A stream; it is closed with the channel.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return self._socket.fileno()

    def send(self, kind: int, number: int, content: bytes = b"") -> None:
        """Send a message; raises OSError where nobody is there to receive it."""
        self._socket.sendall(HEADER.pack(kind, number, len(content)))
        self._socket.sendall(content)

    def send_file(self, descriptor: int, size: int) -> None:
        """Send a file as a descriptor, of which the other end has one of its own."""
        self.send(SHARED, size)
        socket.send_fds(self._socket, [b"\0"], [descriptor])

    def receive(self) -> tuple[int, int, bytearray]:
        """Return the kind, the number and the content of the next message.

        Raises
        ------
        EOFError
            The other end is gone.
        """
        kind, number, size = HEADER.unpack(self._exactly(HEADER.size))
        return kind, number, self._exactly(size)

    def receive_file(self) -> int:
        """Return the descriptor that follows a message; raises as `receive`."""
        _, descriptors, _, _ = socket.recv_fds(self._socket, 1, 1)
        if not descriptors:
            raise EOFError
        return descriptors[0]

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _exactly(self, size: int) -> bytearray:
        content = bytearray(size)
        view = memoryview(content)
        while view:
            count = self._socket.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]
        return content
