"""zstd streams: unpacked with truncation found, packed in one frame. Needs zstandard."""

from __future__ import annotations

import io
from typing import IO

import zstandard

LEVEL = 6
CHUNK = 1 << 11  # packed bytes taken at once: what they unpack to is held in memory


class Unpacked(io.RawIOBase):
    """The unpacked bytes of one frame or several. Raises OSError for data that is damaged or ends in a frame."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.frame, self.ready = source, zstandard.ZstdDecompressor().decompressobj(), memoryview(b"")
        self.inside = False  # of a frame

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self.ready:
            packed = self.frame.unused_data if self.frame.eof else b""
            packed = packed or self.source.read(CHUNK)
            if not packed:
                if self.inside:
                    raise OSError("the zstd data is truncated")
                return 0
            if self.frame.eof:
                self.frame = zstandard.ZstdDecompressor().decompressobj()
            try:
                self.ready = memoryview(self.frame.decompress(packed))
            except zstandard.ZstdError as error:
                raise OSError(f"not zstd data, or damaged: {error}") from None
            self.inside = not self.frame.eof
        size = min(len(buffer), len(self.ready))
        buffer[:size], self.ready = self.ready[:size], self.ready[size:]
        return size


def packed(out: IO[bytes]) -> IO[bytes]:
    """A writer that packs into `out`; close it to end the frame. `out` stays open."""
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).stream_writer(out, closefd=False)
