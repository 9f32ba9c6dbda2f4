"""Packet capture of INVITE requests, with the timestamps of the kernel.

The stand-in logs an INVITE when the scheduler gives it a core. On a busy machine that is up to 0.3 s later,
so that evenly spaced INVITEs look like a burst. A capture needs root or CAP_NET_RAW.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
from types import TracebackType

_INVITE_REQUEST = b"POST /twirp/livekit.SIP/CreateSIPParticipant"
_ETHERTYPE_IP = 0x0800
_SO_ATTACH_FILTER, _SO_TIMESTAMPNS, _PACKET_OUTGOING = 26, 35, 4
_BUFFER_BYTES = 8 * 1024 * 1024
_DESTINATION_PORT_OFFSET = 22
_SOURCE_PORT = slice(20, 22)


class InviteCapture:
    """The times of INVITE requests to a loopback port (Unix seconds); None without permission to capture."""

    def __init__(self, port: int) -> None:
        self.times_s: list[float] | None = None
        self._payloads: list[bytearray] = []
        self._unfinished: dict[bytes, bytearray] = {}
        self._port = port
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> InviteCapture:
        try:
            capture = self._open()
        except PermissionError:
            return self
        self.times_s = []
        self._thread = threading.Thread(target=self._listen, args=(capture,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _open(self) -> socket.socket:
        capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETHERTYPE_IP))
        capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        capture.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        # A BPF program that accepts packets to the port: other traffic of the stack would fill the buffer.
        program = b"".join(
            struct.pack("HBBI", *instruction)
            for instruction in (
                (0x28, 0, 0, _DESTINATION_PORT_OFFSET),
                (0x15, 0, 1, self._port),
                (6, 0, 0, 0xFFFF),
                (6, 0, 0, 0),
            )
        )
        buffer = ctypes.create_string_buffer(program)
        filter_ = struct.pack("HL", 4, ctypes.addressof(buffer))
        capture.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
        capture.bind(("lo", 0))
        capture.settimeout(0.2)
        return capture

    def _listen(self, capture: socket.socket) -> None:
        with capture:
            while not self._stopped.is_set():
                try:
                    packet, control_messages, _, address = capture.recvmsg(65_535, 64)
                except TimeoutError:
                    continue
                if address[2] != _PACKET_OUTGOING and self.times_s is not None:
                    seconds, nanoseconds = struct.unpack("ll", control_messages[0][2][:16])
                    self._take(packet, seconds + nanoseconds / 1e9, self.times_s)

    def _take(self, packet: bytes, at_s: float, times_s: list[float]) -> None:
        """Note the first packet of an INVITE request, and add those that follow it on its connection."""
        source_port = packet[_SOURCE_PORT]
        if _INVITE_REQUEST in packet[:200]:
            times_s.append(at_s)
            self._unfinished[source_port] = bytearray(packet)
            self._payloads.append(self._unfinished[source_port])
        elif b"POST /" in packet[:200]:
            self._unfinished.pop(source_port, None)
        elif source_port in self._unfinished:
            self._unfinished[source_port] += packet

    def times_of(self, trunk_id: str) -> list[float] | None:
        """Return the times of the requests that name a trunk; None without permission to capture."""
        if self.times_s is None:
            return None
        pairs = zip(self.times_s, self._payloads, strict=False)  # the capture may go on meanwhile
        return sorted(at_s for at_s, payload in pairs if trunk_id.encode() in payload)
