"""Names of files and entities as text that every output can carry.

Source: none, ours. A name may come from a hostile file system. A name may not be UTF-8; Python then keeps each invalid
byte as a lone surrogate (PEP 383). A name may also hold control characters or bidirectional overrides that make
``gpj.exe`` look like ``exe.jpg``.
"""

import re

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def encodable(text: str) -> str:
    r"""The text with each invalid UTF-8 byte written as ``\xNN``; all other characters stay.

    >>> encodable("caf\udce9.jpg")
    'caf\\xe9.jpg'
    """
    return _SURROGATE.sub(_escape, text)


def visible(text: str) -> str:
    r"""The text as ``encodable`` gives it, with control and direction characters escaped as well.

    >>> visible("invoice\u202egpj.exe")
    'invoice\\u202egpj.exe'
    """
    return _INVISIBLE.sub(_escape, encodable(text))
