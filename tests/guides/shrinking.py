"""Small pictures: a screenshot as a PNG with a palette of 256 colors, a third of what the browser writes."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLORS = 256
type Pixels = NDArray[np.uint8]


def shrink(png: bytes) -> bytes:
    """Return the picture with its 256 most frequent colors; each other color becomes the nearest of them.

    ``png`` has 8 bits a channel, no transparency and no interlace, as chromium's screenshots do.
    """
    pixels = _pixels(png)
    height, width, _ = pixels.shape
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colors, index, times = np.unique(packed.ravel(), return_inverse=True, return_counts=True)
    channels = np.stack([colors >> 16, (colors >> 8) & 255, colors & 255], axis=1).astype(np.int32)
    kept = np.sort(np.argsort(-times, kind="stable")[:_COLORS])
    apart = ((channels[:, None, :] - channels[None, kept, :]) ** 2).sum(axis=2)
    rows = apart.argmin(axis=1).astype(np.uint8)[index].reshape(height, width)
    # One byte before each row: it stands as it is, without a filter.
    plain = np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = channels[kept].astype(np.uint8).tobytes()
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(plain, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixels(png: bytes) -> Pixels:
    """Decode a PNG into rows of red, green and blue (PNG specification, section 9: filtering)."""
    at, found = len(_SIGNATURE), {b"IDAT": b"", b"IHDR": b""}
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind in found:
            found[kind] += png[at + 8 : at + 8 + length]
        at += length + 12
    width, height, depth, color = struct.unpack(">IIBB", found[b"IHDR"][:10])
    if (depth, color) != (8, 2):
        raise ValueError("not a picture of 8 bits a channel without transparency")
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(height, width * 3 + 1)
    above, rows = np.zeros((width, 3), np.uint8), []
    for line in lines:
        above = _unfiltered(int(line[0]), line[1:].reshape(width, 3), above)
        rows.append(above)
    return np.stack(rows)


def _unfiltered(kind: int, line: Pixels, above: Pixels) -> Pixels:
    match kind:
        case 0:
            return line
        case 1:
            return np.cumsum(line, axis=0, dtype=np.uint8)
        case 2:
            return line + above
    guess = _average if kind == 3 else _paeth
    row = np.empty_like(line)
    for channel in range(3):
        left = corner = 0
        columns = zip(line[:, channel].tolist(), above[:, channel].tolist(), strict=True)
        for column, (value, over) in enumerate(columns):
            left, corner = (value + guess(left, over, corner)) & 255, over
            row[column, channel] = left
    return row


def _average(left: int, over: int, _corner: int) -> int:
    return (left + over) // 2


def _paeth(left: int, over: int, corner: int) -> int:
    from_left, from_over = abs(over - corner), abs(left - corner)
    from_corner = abs(left + over - 2 * corner)
    if from_left <= from_over and from_left <= from_corner:
        return left
    return over if from_over <= from_corner else corner
