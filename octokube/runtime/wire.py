"""Joins already encoded protobuf fields into messages without parsing them.

Protobuf's encoding of a message is the concatenation of its fields' encodings (a repeated field's elements one by one),
so bytes that were encoded once can be routed into any message. Source: the protobuf encoding specification, "Message
structure".
"""


def varint(value: int) -> bytes:
    """A base-128 varint of a number from 0 to 2**64 - 1."""
    if value < _TABLE_SIZE:
        return _TABLE[value]
    return _encode(value)


def _encode(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_TABLE_SIZE = 1 << 14
"""All varints of one and two bytes: tags, and nearly all lengths and sequences on the hot path."""
_TABLE = [_encode(value) for value in range(_TABLE_SIZE)]


def bytes_field(number: int, payload: bytes) -> bytes:
    """A length-delimited field: bytes, string or message."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def varint_field(number: int, value: int) -> bytes:
    """A field of an unsigned integer, enum or bool type. The default value 0 is left out, as encoders do."""
    return varint(number << 3) + varint(value) if value else b""


def fixed64_field(number: int, value: int) -> bytes:
    """A fixed64 field. The default value 0 is left out."""
    return varint(number << 3 | 1) + value.to_bytes(8, "little") if value else b""
