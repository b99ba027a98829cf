"""The conformance suite of kinds: what ``lynkeus.kinds.protocol`` promises, tried on pictures.

Whoever writes a kind calls ``check_kind`` in a test. It raises ``AssertionError`` with the promise that is broken.
"""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lynkeus.core import Belief, Picture, Sample
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds import Kind
from lynkeus.kinds.items import THUMB, Items
from lynkeus.kinds.protocol import KindIndex, RawFinding, Recogniser, Row
from lynkeus.runtime.cards import card

_NONE = np.zeros(0, np.int64)
_SHOWN, _STRANGER = 11, 12
_GALLERY, _OTHER_GALLERY = 5, 6
_PRECISE, _COMPETED = 1e-4, 0.1
"""Largest difference of two scores of the same pair (half precision of stored vectors leaves 1e-5), and of the better
of two best scores over the best of both sets, whose references may compete for votes."""


def view_of(
    recogniser: Recogniser[Any, Any, Any], references: Mapping[int, Items], galleries: Mapping[int, int] | None = None
) -> Any:
    """A view of references that are registered nowhere.

    Args:
        recogniser: Whose view.
        references: Id of each reference to its items.
        galleries: Gallery of each reference; None puts all into one.
    """
    part = recogniser.index.build(_rows(references, galleries or {}))
    return recogniser.index.view((part,), _NONE, _reader(references), None)


def check_kind(kind: Kind, *, shown: Picture, again: Picture, stranger: Picture) -> None:
    """Try a kind on three pictures.

    Args:
        kind: The kind.
        shown: A picture that is registered.
        again: A picture in which what is registered must be found, such as a copy or another view.
        stranger: A picture that shows something else, and can be registered, too.

    Raises:
        AssertionError: A promise is broken; the text says which.
    """
    recogniser = kind.load(card)
    _check_traits(recogniser)
    items = {number: _enrolled(recogniser, picture) for number, picture in ((_SHOWN, shown), (_STRANGER, stranger))}
    assert recogniser.enrol(Sample(source=shown)) == _without_thumb(items[_SHOWN]), "equal pictures give equal items"
    _check_finding(recogniser, items, again, stranger)
    _check_kept(recogniser, items, again)
    _check_index(recogniser, items, again)
    _check_galleries(recogniser, items, again)
    assert recogniser.again(items[_SHOWN], items[_SHOWN]), "a picture is nearly the same as itself"
    assert not recogniser.again(items[_SHOWN], items[_STRANGER]), "a stranger is not nearly the same"
    clean = {**recogniser.keep(recogniser.observe(stranger)), THUMB: items[_STRANGER][THUMB]}
    normalised = recogniser.normalised([clean])
    assert normalised.traits.scorer != recogniser.traits.scorer, "other clean pictures make another scorer"
    assert normalised.index.name == recogniser.index.name, "clean pictures change no index"


def _check_traits(recogniser: Recogniser[Any, Any, Any]) -> None:
    traits, index = recogniser.traits, recogniser.index
    assert isinstance(index, KindIndex), "the index keeps its protocol"
    assert traits.version, "the version is named"
    assert traits.scorer, "the scorer is named"
    assert traits.keeps, "something is kept of an upload"
    assert index.name == Path(index.name).name, "the name of the index is a file name"
    assert index.needs, "the index names the items that it reads"


def _check_finding(
    recogniser: Recogniser[Any, Any, Any], items: Mapping[int, Items], again: Picture, stranger: Picture
) -> None:
    view = view_of(recogniser, {_SHOWN: items[_SHOWN]})
    assert len(view) == 1, "a view counts its references"
    found = recogniser.match(recogniser.observe(again), view)
    assert _likely(found) == [_SHOWN], "what is registered is found in another picture of it"
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True), "findings come best first"
    nothing = recogniser.match(recogniser.observe(stranger), view)
    assert not _likely(nothing), "what is registered is not found in a stranger"
    assert not recogniser.match(recogniser.observe(again), view_of(recogniser, {})), "nothing is found in nothing"
    places = recogniser.locate(again, found, view)
    assert len(places) == len(found), "each finding gets an answer where it lies"
    assert places[0] is not None, "the best finding lies somewhere"


def _check_kept(recogniser: Recogniser[Any, Any, Any], items: Mapping[int, Items], again: Picture) -> None:
    seen = recogniser.observe(again)
    kept = {**recogniser.keep(seen), THUMB: encode_thumbnail(again.rgb)}
    assert recogniser.traits.keeps[0] in kept, "the first kept item is there for every picture"
    assert set(kept) <= {*recogniser.traits.keeps, THUMB}, "what is kept is named"
    view = view_of(recogniser, items)
    assert _likely(recogniser.match(recogniser.recall(kept), view)) == _likely(recogniser.match(seen, view)), (
        "what is kept finds the same"
    )
    vector = recogniser.vector(items[_SHOWN])
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-2, "the vector has length 1"
    near = view.nearest(vector[None], 2)
    assert near.ids[0].tolist() == [_SHOWN, _STRANGER], "the nearest reference is the picture itself"


def _check_index(recogniser: Recogniser[Any, Any, Any], items: Mapping[int, Items], again: Picture) -> None:
    index, seen = recogniser.index, recogniser.observe(again)
    parts = [index.build(_rows({number: items[number]}, {})) for number in items]
    whole = index.build(_rows(items, {}))
    assert sorted(index.ids(whole).tolist()) == sorted(items), "a part knows its references"
    read = _reader(items)
    wanted = _scores(recogniser.match(seen, index.view((whole,), _NONE, read, None)))
    _assert_alike(wanted, _scores(recogniser.match(seen, index.view(parts, _NONE, read, None))), "two parts are as one")
    with tempfile.TemporaryDirectory(prefix="lynkeus-") as folder:
        index.save(whole, Path(folder))
        stored = index.load(Path(folder))
        assert sorted(index.ids(stored).tolist()) == sorted(items), "a part is read back"
        loaded = _scores(recogniser.match(seen, index.view((stored,), _NONE, read, None)))
    _assert_alike(wanted, loaded, "a part that was read back finds the same")
    rest = index.view((whole,), np.array([_SHOWN]), read, None)
    assert len(rest) == len(items) - 1, "a removed reference does not count"
    assert _SHOWN not in _scores(recogniser.match(seen, rest)), "a removed reference is not found"
    if recogniser.traits.additive:
        each = [_scores(recogniser.match(seen, view_of(recogniser, {number: items[number]}))) for number in items]
        best = max(score for scores in each for score in scores.values())
        assert -_PRECISE < best - max(wanted.values()) < _COMPETED, (
            "the best of two sets is the better of the two bests"
        )


def _check_galleries(recogniser: Recogniser[Any, Any, Any], items: Mapping[int, Items], again: Picture) -> None:
    """A crowd of references in one gallery hides no reference of another one."""
    crowd = {100 + number: items[_SHOWN] for number in range(20)}
    references = {**crowd, _SHOWN: items[_SHOWN]}
    galleries = {**dict.fromkeys(crowd, _OTHER_GALLERY), _SHOWN: _GALLERY}
    part = recogniser.index.build(_rows(references, galleries))
    seen, read = recogniser.observe(again), _reader(references)
    every = recogniser.index.view((part,), _NONE, read, None)
    assert _SHOWN in _scores(recogniser.match(seen, every)), "candidates are so many for each gallery"
    one = recogniser.index.view((part,), _NONE, read, frozenset({_GALLERY}))
    assert len(one) == 1, "a view of one gallery holds its references alone"
    assert set(_scores(recogniser.match(seen, one))) == {_SHOWN}, "a view of one gallery finds in that gallery alone"


def _enrolled(recogniser: Recogniser[Any, Any, Any], picture: Picture) -> Items:
    return {**recogniser.enrol(Sample(source=picture)), THUMB: encode_thumbnail(picture.rgb)}


def _without_thumb(items: Items) -> dict[str, bytes]:
    return {name: raw for name, raw in items.items() if name != THUMB}


def _rows(references: Mapping[int, Items], galleries: Mapping[int, int]) -> list[Row]:
    """Each reference shows an entity of its own."""
    return [
        Row(reference=number, entity=number, gallery=galleries.get(number, _GALLERY), items=items)
        for number, items in references.items()
    ]


def _reader(references: Mapping[int, Items]) -> Any:
    def read(ids: Iterable[int], item: str) -> Mapping[int, bytes]:
        return {number: references[number][item] for number in ids if item in references.get(number, {})}

    return read


def _likely(found: list[RawFinding]) -> list[int]:
    return [each.reference_id for each in found if each.belief >= Belief.LIKELY]


def _scores(found: list[RawFinding]) -> dict[int, float]:
    return {each.reference_id: each.score for each in found}


def _assert_alike(one: Mapping[int, float], other: Mapping[int, float], promise: str) -> None:
    assert one.keys() == other.keys(), promise
    assert all(abs(score - other[number]) < _PRECISE for number, score in one.items()), promise
