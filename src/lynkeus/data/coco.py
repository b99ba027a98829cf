"""Read a COCO file record by record, so that an error can name the file and the line.

Format: https://cocodataset.org/#format-data. A JSON parser keeps no line numbers; this module finds the line only
when there is an error.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lynkeus.core import DataError

Xywh = tuple[float, float, float, float]

_LISTS = ("images", "annotations", "categories")  # the lists of the format that are read
_BETWEEN = " \t\r\n,:"  # white space and separators between two JSON values


@dataclass(frozen=True, kw_only=True, slots=True)
class CocoFile:
    """The content of a COCO file.

    Attributes:
        name: Name of the file for error messages.
        text: The whole text.
        content: The parsed text.
    """

    name: str
    text: str
    content: dict[str, Any]

    @staticmethod
    def read(path: Path, *, name: str) -> "CocoFile":
        """Read and parse a file.

        Args:
            path: Path of the file.
            name: Name of the file for error messages.

        Raises:
            DataError: The file is missing, or is not a JSON object with the three lists.
        """
        text = path.read_text("utf-8-sig")
        try:
            content = json.loads(text)
        except json.JSONDecodeError as error:
            raise DataError(f"{name}:{error.lineno}: {error.msg}") from error
        missing = [key for key in _LISTS if not isinstance(content, dict) or not isinstance(content.get(key), list)]
        if missing:
            raise DataError(f"{name}:1: no list {', '.join(missing)}; this is not a COCO file")
        return CocoFile(name=name, text=text, content=content)

    def pictures(self) -> Iterator[tuple[int, str]]:
        """Id and file name of each picture, in order.

        Raises:
            DataError: A record lacks a field, or an id comes twice.
        """
        return self._named("images", "file_name")

    def classes(self) -> Iterator[tuple[int, str]]:
        """Id and name of each class, in order.

        Raises:
            DataError: A record lacks a field, or an id comes twice.
        """
        return self._named("categories", "name")

    def boxes(self) -> Iterator[tuple[int, Xywh, int, int]]:
        """Number in the list, box, picture id and class id of each annotation that is not a crowd.

        Raises:
            DataError: A record lacks a field.
        """
        for number, record in enumerate(self.content["annotations"]):
            match record:
                case {"iscrowd": 1}:
                    continue
                case {
                    "image_id": int(picture),
                    "category_id": int(of_class),
                    "bbox": [int() | float() as x, int() | float() as y, int() | float() as w, int() | float() as h],
                }:
                    yield number, (float(x), float(y), float(w), float(h)), picture, of_class
                case _:
                    raise self.error("annotations", number, "wanted image_id, category_id and a bbox of four numbers")

    def error(self, key: str, number: int, what: str) -> ValueError:
        """An error that names the file, the line and the record.

        Args:
            key: Name of the list.
            number: Number of the record in the list, 0 and up.
            what: The fault.
        """
        return ValueError(f"{self.name}:{self._line(key, number)}: {key}[{number}]: {what}")

    def _named(self, key: str, field: str) -> Iterator[tuple[int, str]]:
        seen: set[int] = set()
        for number, record in enumerate(self.content[key]):
            match record:
                case {"id": int(one), **fields} if isinstance(fields.get(field), str):
                    if one in seen:
                        raise self.error(key, number, f"the id {one} comes twice")
                    seen.add(one)
                    yield one, fields[field]
                case _:
                    raise self.error(key, number, f"wanted id and {field}")

    def _line(self, key: str, number: int) -> int:
        """The line on which a record begins, counted from 1; the text must parse."""
        decoder = json.JSONDecoder()
        place = self.text.index("{") + 1
        while True:
            name, place = decoder.raw_decode(self.text, self._past(place))
            place = self._past(place)
            if name == key:
                break
            _, place = decoder.raw_decode(self.text, place)
        place += 1
        for _ in range(number):
            _, place = decoder.raw_decode(self.text, self._past(place))
        return self.text.count("\n", 0, self._past(place)) + 1

    def _past(self, place: int) -> int:
        """The position after blanks, commas and colons."""
        while self.text[place] in _BETWEEN:
            place += 1
        return place
