"""GIF files; only the first frame is read.

Source: CompuServe, GIF89a specification, 31 July 1990.
Kept: the first frame and its control block, without the disposal method. The area outside the frame is transparent,
as in browsers. A file that ends after its first frame is read, because only the first frame is needed.
"""

import struct

from lynkeus.core.containers.container import Container, damaged, truncated

_MOST_BLOCKS = 2_000_000  # bounds the time of a hostile file; 255 bytes per block, so far above sound frames
_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B  # block codes, sections 20, 23 and 27 of the specification
_CONTROL = 0xF9  # label of the graphic control extension, section 23


def open_gif(raw: bytes) -> Container:
    """Parse a GIF file.

    Raises:
        UnreadableError: The file is truncated or damaged, or holds no frame.
    """
    try:
        return _open(raw)
    except (IndexError, struct.error) as error:
        raise truncated("the GIF ends within its first frame") from error


def _open(raw: bytes) -> Container:
    width, height, flags = struct.unpack_from("<HHB", raw, 6)
    position = 13 + _table_bytes(flags)
    colours = raw[13:position]
    control, position = _read_control(raw, position)
    left, top, frame_width, frame_height, frame_flags = struct.unpack_from("<HHHHB", raw, position + 1)
    right, bottom = left + frame_width, top + frame_height
    if not frame_width or not frame_height:
        raise damaged("GIF", "an empty first frame")
    end, _ = _skip_blocks(raw, position + 11 + _table_bytes(frame_flags), _MOST_BLOCKS)
    width, height = max(width, right), max(height, bottom)
    screen = raw[:6] + struct.pack("<HH", width, height) + raw[10:13]
    whole = (left, top, right, bottom) == (0, 0, width, height)
    return Container(
        format="GIF",
        width=width,
        height=height,
        bare=b"".join([screen, colours, control, raw[position:end], bytes([_END])]),
        frame=None if whole else (left, top, right, bottom),
    )


def _table_bytes(flags: int) -> int:
    """Size of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 128 else 0


def _read_control(raw: bytes, position: int) -> tuple[bytes, int]:
    """The control block of the first frame (may be empty), and the start of the frame's descriptor."""
    control, left = b"", _MOST_BLOCKS
    while raw[position] != _FRAME:
        if raw[position] != _EXTENSION:
            what = "it holds no frame" if raw[position] == _END else "unexpected bytes between two blocks"
            raise damaged("GIF", what)
        if raw[position + 1] == _CONTROL and raw[position + 2] == 4:
            keeps_transparency = raw[position + 3] & 1
            colour = raw[position + 6]
            control = bytes([_EXTENSION, _CONTROL, 4, keeps_transparency, 0, 0, colour, 0])
        position, left = _skip_blocks(raw, position + 2, left - 1)
    return control, position


def _skip_blocks(raw: bytes, position: int, left: int) -> tuple[int, int]:
    """The end of a chain of data blocks, and how many blocks may still follow."""
    while left > 0:
        length = raw[position]
        position += 1 + length
        left -= 1
        if not length:
            return position, left
    raise damaged("GIF", f"more than {_MOST_BLOCKS:,} blocks before the end of its first frame")
