"""NumPy's .npy format without NumPy: arrays to and from bytes, and to and from what users have.

With NumPy, arrays are NumPy arrays; without it, nested lists. Only what the model protocol needs:
format versions 1 to 3, C order, little-endian float32, float64, int32 and int64. Python >= 3.8.
"""

import array
import ast
import struct
import sys

try:
    import numpy
except ImportError:
    numpy = None

MAGIC = b"\x93NUMPY"
TYPE_CODES = {"<f4": "f", "<f8": "d", "<i4": "i", "<i8": "q"}
LONGEST_HEADER = 65535


def decode(buffer, offset=0):
    """Reads the array that begins at `offset` of a bytearray; returns it and where it ends.

    The array is writable: a NumPy array that shares the buffer, or nested lists.
    """
    view = memoryview(buffer)
    if bytes(view[offset : offset + 6]) != MAGIC:
        raise ValueError("This is not a .npy array.")
    if len(view) < offset + 12:
        raise ValueError("This is too short to be a .npy array.")
    if view[offset + 6] == 1:
        (length,) = struct.unpack_from("<H", view, offset + 8)
        start = offset + 10
    else:
        (length,) = struct.unpack_from("<I", view, offset + 8)
        start = offset + 12
    if length > LONGEST_HEADER or len(view) < start + length:
        raise ValueError("The .npy header is longer than it can be.")
    header = ast.literal_eval(bytes(view[start : start + length]).decode("latin1").strip())
    dtype, shape = header["descr"], header["shape"]
    if dtype not in TYPE_CODES or header["fortran_order"]:
        raise ValueError("The array holds %r; C order and %s are read." % (dtype, list(TYPE_CODES)))
    count = 1
    for size in shape:
        count *= size
    data = start + length
    end = data + count * int(dtype[2])
    if end > len(view):
        raise ValueError("The .npy header claims more data than are there.")
    if numpy is not None:
        return numpy.frombuffer(buffer, dtype, count, data).reshape(shape), end
    values = array.array(TYPE_CODES[dtype])
    values.frombytes(view[data:end])
    if sys.byteorder == "big":
        values.byteswap()
    return _nested(values.tolist(), shape), end


def encode(value, dtype):
    """The bytes of any array-like value as `dtype`, "<f4" or "<i4": NumPy arrays, tensors, lists."""
    value = _plain(value)
    if numpy is not None:
        values = numpy.ascontiguousarray(value, dtype=dtype)
        return _header(dtype, values.shape) + values.tobytes()
    shape = _shape_of(value)
    flat = []
    _flatten(value, shape, flat)
    values = array.array(TYPE_CODES[dtype], flat)
    if sys.byteorder == "big":
        values.byteswap()
    return _header(dtype, shape) + values.tobytes()




def _header(dtype, shape):
    text = "{'descr': '%s', 'fortran_order': False, 'shape': %r, }" % (
        dtype,
        tuple(int(size) for size in shape),
    )
    length = -(-(10 + len(text) + 1) // 64) * 64 - 10
    padded = text.ljust(length - 1) + "\n"
    return MAGIC + b"\x01\x00" + struct.pack("<H", length) + padded.encode("latin1")


def _plain(value):
    """Takes tensors off their device and gradient tape; leaves other values as they are."""
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "cpu"):
        value = value.cpu()
    if numpy is None and hasattr(value, "tolist"):
        value = value.tolist()
    return value


def _nested(flat, shape):
    for size in reversed(shape[1:]):
        flat = [flat[i : i + size] for i in range(0, len(flat), size)]
    return flat


def _is_sequence(value):
    return hasattr(value, "__len__") and hasattr(value, "__getitem__")


def _shape_of(value):
    shape = []
    while _is_sequence(value):
        shape.append(len(value))
        if len(value) == 0:
            break
        value = value[0]
    return tuple(shape)


def _flatten(value, shape, flat):
    if not shape:
        flat.append(value)
        return
    if not _is_sequence(value) or len(value) != shape[0]:
        raise ValueError("The rows of this array differ in length.")
    if len(shape) == 1:
        flat.extend(value)
        return
    for row in value:
        _flatten(row, shape[1:], flat)
