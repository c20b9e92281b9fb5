"""Protobuf's wire format, walked over bytes that lie in the file: fields by number, nothing decoded but numbers.

Enough to find things in messages whose layout is known, without the library and without a copy of the message.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

from ..errors import UnreadableModel

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_VARINT = 10


Field = tuple[int, int, int, int, int]  # number, wire type, where its bytes start and end, and the value of a number


class Message(NamedTuple):
    """Some bytes of a buffer that are a message, or a field that is one."""

    buffer: bytes | mmap
    start: int
    end: int

    def fields(self) -> Iterator[Field]:
        """The fields as they stand. Raises `UnreadableModel` where the bytes are no message."""
        buffer, at, end = self.buffer, self.start, self.end
        while at < end:
            key, at = buffer[at], at + 1
            if key > 127:
                key, at = read_varint(buffer, at - 1, end)
            wire, start, value = key & 7, at, 0
            if wire == BYTES:
                size, start = (buffer[at], at + 1) if at < end and buffer[at] < 128 else read_varint(buffer, at, end)
                at = start + size
            elif wire == VARINT:
                value, at = read_varint(buffer, at, end)
            elif wire in (FIXED32, FIXED64):
                at += 4 if wire == FIXED32 else 8
            else:
                raise UnreadableModel(f"is no protobuf: a field of wire type {wire} at byte {start}")
            if at > end or not key >> 3:
                raise UnreadableModel(f"is no protobuf: a field at byte {start} does not fit")
            yield key >> 3, wire, start, at, value

    def messages(self, number: int) -> Iterator[Message]:
        """The fields of a number that are messages."""
        for found, wire, start, end, _ in self.fields():
            if found == number and wire == BYTES:
                yield Message(self.buffer, start, end)

    def texts(self, number: int, most: int = 4096) -> Iterator[str]:
        """The fields of a number that are text, each at most ``most`` bytes of it."""
        for field in self.messages(number):
            yield field.buffer[field.start : min(field.end, field.start + most)].decode("utf-8", "surrogateescape")

    def text(self, number: int) -> str:
        """The last text of a number, as protobuf takes it; empty where there is none."""
        found = list(self.texts(number))
        return found[-1] if found else ""

    def numbers(self, number: int) -> Iterator[int]:
        """The fields of a number that are numbers, one by one or packed."""
        for found, wire, start, end, value in self.fields():
            if found == number and wire == VARINT:
                yield value
            elif found == number and wire == BYTES:
                while start < end:
                    value, start = read_varint(self.buffer, start, end)
                    yield value

    def pairs(self, number: int) -> Iterator[tuple[str, Message]]:
        """A map field: the keys with the messages that they lead to."""
        for entry in self.messages(number):
            for value in entry.messages(2):
                yield entry.text(1), value


def read_varint(buffer: bytes | mmap, at: int, end: int) -> tuple[int, int]:
    byte = buffer[at] if at < end else -1
    if 0 <= byte < 128:
        return byte, at + 1
    value = 0
    for place in range(MAX_VARINT):
        if at + place >= end:
            raise UnreadableModel(f"is no protobuf: a number is cut at byte {at}")
        byte = buffer[at + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise UnreadableModel(f"is no protobuf: a number without an end at byte {at}")


__all__ = ["BYTES", "Field", "Message"]
