"""Change a recipe by settings, as ``--set loss.pull=0.7`` does. Only this module finds fields by name."""

import difflib
import json
import math
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from lynkeus.core import SettingError
from lynkeus.core.plugins import find
from lynkeus.recipes.limits import limit_of
from lynkeus.recipes.parts import PARTS

R = TypeVar("R")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def change(recipe: R, settings: Sequence[tuple[str, str]]) -> R:
    """Change fields of a recipe. Each change is a path and a text; the field's type says how to read the text.

    A path names fields and, by number, places in tuples: ``groups.0.batch``. The text of a tuple is JSON, the text of
    None is ``none``, and the text of a part is its name in ``lynkeus.recipes.parts``.

    Args:
        recipe: A frozen dataclass; stays unchanged.
        settings: Paths and texts, applied in order.

    Raises:
        SettingError: A field does not exist or does not accept the text; the message lists the fields, or gives the
            range in ``lynkeus.recipes.limits``.
        UnknownNameError: No part has the name.
    """
    for path, text in settings:
        recipe = _changed(recipe, path.split("."), text, path)
    return recipe


def split_setting(text: str) -> tuple[str, str]:
    """Split ``a.b=c`` into path and text.

    Raises:
        SettingError: There is no ``=``.

    >>> split_setting("loss.pull=0.7")
    ('loss.pull', '0.7')
    """
    path, mark, value = text.partition("=")
    if not mark or not path:
        raise SettingError(f"{text!r} is not a setting; write FIELD=VALUE, such as seed=1")
    return path, value


def _changed(value: Any, steps: list[str], text: str, path: str) -> Any:
    head, *rest = steps
    if isinstance(value, tuple):
        return _changed_place(value, head, rest, text, path)
    if not is_dataclass(value) or isinstance(value, type):
        raise SettingError(f"{path}: {value!r} has no fields")
    names = [each.name for each in fields(value)]
    if head not in names:
        near = difflib.get_close_matches(head, names, n=1)
        meant = f"; did you mean {near[0]}?" if near else "."
        raise SettingError(f"{path}: {type(value).__name__} has no field {head!r}{meant} It has {', '.join(names)}")
    inner = getattr(value, head)
    new = _changed(inner, rest, text, path) if rest else _read(text, get_type_hints(type(value))[head], inner, path)
    if not rest and new != inner and type(value).__module__.startswith("lynkeus."):
        _check_limit(new, path, text)
    try:
        return replace(value, **{head: new})
    except ValueError as error:
        raise SettingError(f"{path}={text}: {error}") from error


def _check_limit(new: Any, path: str, text: str) -> None:
    """Refuse a number outside the range of its field. Other packages check the fields of their own configs."""
    limit = limit_of(path)
    if limit is not None and type(new) in (int, float) and not limit.holds(float(new)):
        raise SettingError(f"{path} is {text}, must be {limit}")


def _changed_place(value: tuple[Any, ...], head: str, rest: list[str], text: str, path: str) -> tuple[Any, ...]:
    if not head.isdecimal() or int(head) >= len(value):
        raise SettingError(f"{path}: {head!r} is not one of the {len(value)} places; write 0 to {len(value) - 1}")
    place = int(head)
    inner = value[place]
    new = _changed(inner, rest, text, path) if rest else _read(text, type(inner), inner, path)
    return (*value[:place], new, *value[place + 1 :])


def _read(text: str, hint: Any, before: Any, path: str) -> Any:
    """Read a text as the type of a field."""
    parts = PARTS.get(path.rsplit(".", maxsplit=1)[-1])
    if parts is not None and text.lower() != "none":
        return find(parts.ours, parts.group, text)
    if is_dataclass(before) and text.lower() != "none":
        names = ", ".join(f"{path}.{each.name}" for each in fields(before))
        raise SettingError(f"{path} is not a single value; set {names}")
    try:
        return _as(text, hint)
    except (ValueError, TypeError) as error:
        raise SettingError(f"{path} takes {_type_words(hint)}, not {text!r}") from error


def _as(text: str, hint: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _as_any(text, inner)
    if origin is Literal:
        return next(one for one in inner if str(one) == text) if text in map(str, inner) else _refuse(text)
    if origin in (tuple, frozenset):
        return _from_json(json.loads(text), hint)
    if hint is bool:
        return _TRUTH[text.lower()] if text.lower() in _TRUTH else _refuse(text)
    if hint in (int, float, str, Path):
        return _finite(hint(text))
    return _refuse(text)


def _as_any(text: str, hints: tuple[Any, ...]) -> Any:
    if text.lower() in ("none", "null") and NoneType in hints:
        return None
    for hint in hints:
        if hint is NoneType:
            continue
        try:
            return _as(text, hint)
        except (ValueError, TypeError):
            continue
    return _refuse(text)


def _from_json(value: Any, hint: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple and isinstance(value, list):
        kinds = [inner[0]] * len(value) if len(inner) == 2 and inner[1] is Ellipsis else list(inner)
        return tuple(_from_json(one, kind) for one, kind in zip(value, kinds, strict=True))
    if origin is frozenset and isinstance(value, list):
        return frozenset(_from_json(one, inner[0]) for one in value)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(float(value))
    if isinstance(hint, type) and type(value) is hint:
        return value
    return _refuse(value)


def _finite(value: Any) -> Any:
    return _refuse(value) if isinstance(value, float) and not math.isfinite(value) else value


def _refuse(value: Any) -> Any:
    raise ValueError(value)


def _type_words(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return f"JSON such as [1, 2], read as {str(hint).replace('typing.', '')}"
    words = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a text"}
    if get_origin(hint) in (Union, UnionType):
        return " or ".join("none" if one is NoneType else _type_words(one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return " or ".join(map(str, get_args(hint)))
    return words.get(hint, str(hint).replace("typing.", ""))
