"""The picture size in an AV1 stream.

Source: AV1 bitstream specification, version 1.0.0 with errata 1, sections 5.3 (units), 5.5 (sequence header).
A decoder allocates memory for the size in the stream and ignores the size in the AVIF: a stream of 3 kB in an AVIF
that claims 64 x 64 pixels took 1 GB.
"""

from lynkeus.core.containers.container import damaged

_MOST_UNITS = 5_000  # bounds the time of a hostile stream; a still picture has a few units
_SEQUENCE_HEADER = 1  # OBU_SEQUENCE_HEADER, section 6.2.2


class _Bits:
    """Reads numbers bit by bit, highest bit first; gives zeros after the end."""

    def __init__(self, content: bytes) -> None:
        self._value = int.from_bytes(content, "big")
        self._left = 8 * len(content)

    def take(self, count: int) -> int:
        """The next ``count`` bits as a number."""
        self._left -= count
        shifted = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return shifted & ((1 << count) - 1)

    def take_variable(self) -> None:
        """Skip a number in variable-length code (``uvlc``)."""
        zeros = 0
        while zeros < 32 and not self.take(1):
            zeros += 1
        self.take(zeros if zeros < 32 else 0)


def largest_frame(stream: bytes) -> tuple[int, int] | None:
    """The largest width and height that any sequence header of the stream allows; None without a header.

    Raises:
        UnreadableError: The stream has more than 5,000 units.
    """
    width = height = position = units = 0
    while position < len(stream):
        units += 1
        if units > _MOST_UNITS:
            raise damaged("AVIF", f"more than {_MOST_UNITS:,} units in a stream")
        head = stream[position]
        position += 2 if head & 4 else 1
        size, position = _read_size(stream, position) if head & 2 else (len(stream) - position, position)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            unit_width, unit_height = _sequence_size(stream[position : position + min(size, 256)])
            width, height = max(width, unit_width), max(height, unit_height)
        position += size
    return (width, height) if width else None


def _read_size(stream: bytes, position: int) -> tuple[int, int]:
    """A number of seven bits per byte, lowest bits first (``leb128``), and the position after the number."""
    value = 0
    for place, byte in enumerate(stream[position : position + 8]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, position + place + 1
    return 0, len(stream)


def _sequence_size(header: bytes) -> tuple[int, int]:
    bits = _Bits(header)
    bits.take(3 + 1)  # profile, still picture
    if bits.take(1):
        bits.take(5)  # level
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_operating_points(bits: _Bits) -> None:
    """Skip the fields between the profile and the size in a header without the reduced flag."""
    delay_bits = 0
    if bits.take(1):  # timing
        bits.take(32 + 32)
        if bits.take(1):
            bits.take_variable()
        if bits.take(1):  # decoder model
            delay_bits = bits.take(5) + 1
            bits.take(32 + 5 + 5)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)
