"""As much of BSON (bsonspec.org) as the challenge needs: documents, arrays, text, bytes, whole numbers."""

import struct


def dumps(document):
    """The bytes of a dict with text as keys. Raises TypeError for a value of another kind."""
    body = b"".join(_element(key, value) for key, value in document.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def loads(data):
    """The dict that the bytes hold. Raises ValueError for what is none."""
    try:
        document, end = _document(data, 0)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"no BSON document: {error}") from error
    if end != len(data):
        raise ValueError("more than one BSON document")
    return document


def _element(key, value):
    name = key.encode() + b"\0"
    if isinstance(value, dict):
        return b"\x03" + name + dumps(value)
    if isinstance(value, (list, tuple)):
        return b"\x04" + name + dumps({str(i): item for i, item in enumerate(value)})
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return b"\x02" + name + struct.pack("<i", len(text)) + text
    if isinstance(value, bytes):
        return b"\x05" + name + struct.pack("<ib", len(value), 0) + value
    if isinstance(value, int) and not isinstance(value, bool):
        if -(2**31) <= value < 2**31:
            return b"\x10" + name + struct.pack("<i", value)
        return b"\x12" + name + struct.pack("<q", value)
    raise TypeError(f"{key} is a {type(value).__name__}")


def _document(data, start):
    (length,) = struct.unpack_from("<i", data, start)
    end = start + length
    if length < 5 or end > len(data):
        raise ValueError("a length that lies")
    result = {}
    at = start + 4
    while data[at] != 0:
        kind = data[at]
        stop = data.index(b"\0", at + 1)
        key = data[at + 1 : stop].decode()
        result[key], at = _value(kind, data, stop + 1)
    return result, end


def _value(kind, data, at):
    if kind in (0x03, 0x04):
        document, end = _document(data, at)
        return (document if kind == 0x03 else list(document.values())), end
    if kind == 0x10:
        return struct.unpack_from("<i", data, at)[0], at + 4
    if kind == 0x12:
        return struct.unpack_from("<q", data, at)[0], at + 8
    if kind not in (0x02, 0x05):
        raise ValueError(f"a value of kind {kind}")
    (length,) = struct.unpack_from("<i", data, at)
    at += 4 if kind == 0x02 else 5
    if length < 0 or at + length > len(data):
        raise ValueError("a length that lies")
    piece = data[at : at + length]
    return (piece[:-1].decode() if kind == 0x02 else bytes(piece)), at + length
