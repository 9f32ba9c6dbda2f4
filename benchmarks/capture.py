"""When each INVITE request left its sender, by the kernel's own clock: the wire itself.

The stand-in's log is written when the stand-in gets a core; on a busy machine that is up to 0.3 s later,
and what was spread over that time looks like a burst. Capturing needs the right to (root, CAP_NET_RAW).
"""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
from types import TracebackType

_INVITE = b"POST /twirp/livekit.SIP/CreateSIPParticipant"
_ALL_IP = 0x0800
_SO_ATTACH_FILTER, _SO_TIMESTAMPNS, _OUTGOING = 26, 35, 4
_BUFFER_BYTES = 8 * 1024 * 1024
_PORT_OFFSET = 22


class InviteCapture:
    """Notes the instants of INVITE requests to a port of this machine; `times_s` is None if it may not."""

    def __init__(self, port: int) -> None:
        self.times_s: list[float] | None = None
        self._port = port
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> InviteCapture:
        try:
            tap = self._open()
        except PermissionError:
            return self
        self.times_s = []
        self._thread = threading.Thread(target=self._listen, args=(tap,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _open(self) -> socket.socket:
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_IP))
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        tap.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        # Only packets to that port, or the rest of the stack's traffic would fill the buffer.
        program = b"".join(
            struct.pack("HBBI", *each)
            for each in (
                (0x28, 0, 0, _PORT_OFFSET),
                (0x15, 0, 1, self._port),
                (6, 0, 0, 0xFFFF),
                (6, 0, 0, 0),
            )
        )
        kept = ctypes.create_string_buffer(program)
        filter_ = struct.pack("HL", 4, ctypes.addressof(kept))
        tap.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
        tap.bind(("lo", 0))
        tap.settimeout(0.2)
        return tap

    def _listen(self, tap: socket.socket) -> None:
        with tap:
            while not self._over.is_set():
                try:
                    packet, notes, _, address = tap.recvmsg(65_535, 64)
                except TimeoutError:
                    continue
                if address[2] != _OUTGOING and _INVITE in packet[:200] and self.times_s is not None:
                    seconds, nanoseconds = struct.unpack("ll", notes[0][2][:16])
                    self.times_s.append(seconds + nanoseconds / 1e9)
