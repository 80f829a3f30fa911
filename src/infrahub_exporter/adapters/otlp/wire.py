"""Protocol Buffers on the wire, as far as OTLP needs it: varints and length-delimited fields.

Field order is ascending, so that these bytes equal what the generated classes serialize.
"""

VARINT_STEP = 0x80
LENGTH_DELIMITED = 2


def varint(number: int) -> bytes:
    """Encode a non-negative integer in base 128, low group first."""
    groups = bytearray()
    while number >= VARINT_STEP:
        groups.append(number & 0x7F | VARINT_STEP)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def prefix(field: int, length: int) -> bytes:
    """Encode what stands in front of a length-delimited field: its tag and its length in bytes."""
    return varint(field << 3 | LENGTH_DELIMITED) + varint(length)


def delimited(field: int, payload: bytes) -> bytes:
    """Encode a string, bytes or message field whole."""
    return prefix(field, len(payload)) + payload


def text(value: str) -> bytes:
    """Encode a string as UTF-8; a lone surrogate, which UTF-8 cannot say, becomes `?`."""
    return value.encode("utf-8", "replace")


def string(field: int, value: str) -> bytes:
    """Encode a string field, absent where it is empty (proto3's default)."""
    return delimited(field, text(value)) if value else b""
