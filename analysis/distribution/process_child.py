"""The program of a worker process: tasks in, outcomes out, until the other end is gone.

Another thread listens meanwhile, so that the next task is there when one is done, and a worker whose parent has died
ends at once, whatever it computes.
"""

from __future__ import annotations

import mmap
import os
import queue
import socket
import threading
from typing import Any

from .channel import RESULT, SHARED, Channel
from .packing import unpack
from .tasks import run_task

Message = tuple[int, int, Any]


def serve(descriptor: int) -> None:
    """Run tasks that come over a socket; what they share comes as a file, of which each worker maps the same pages."""
    channel = Channel(socket.socket(fileno=descriptor))
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(channel, inbox), daemon=True).start()
    shared = None
    while True:
        kind, number, content = inbox.get()
        if kind == SHARED:
            # the pages are copied where they are written, and there alone
            shared = unpack(mmap.mmap(content, number, access=mmap.ACCESS_COPY))
            os.close(content)
        else:
            channel.send(RESULT, number, run_task(shared, content))


def _listen(channel: Channel, inbox: queue.SimpleQueue[Message]) -> None:
    try:
        while True:
            kind, number, content = channel.receive()
            inbox.put((kind, number, channel.receive_file() if kind == SHARED else content))
    except (EOFError, OSError):
        os._exit(0)
