"""The demo registers pictures that come with the package, disguises copies of these pictures, and finds the copies.

Two thirds of the pictures are registered. The other pictures are clean uploads; copies are also pasted into them. The
seeds are fixed, so every run makes the same uploads. The demo also registers three pictures of jeans as an object, and
uploads a fourth picture of jeans. The fourth picture is not a copy, but shows the same kind of thing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus import augment
from lynkeus.core import UnknownNameError, UploadResult, read_picture
from lynkeus.core.folders import walk
from lynkeus.scan.backgrounds import SHIPPED

PICTURES = Path(__file__).parent.parent / "assets" / "demo"
OBJECT = "jeans"
_OBJECT_REFERENCES = (SHIPPED / "garment-22.jpg", SHIPPED / "garment-58.jpg", PICTURES / "jeans-on-parquet.jpg")
_OBJECT_UPLOAD = SHIPPED / "garment-48.jpg"
_SIDE = 800  # longest side of the uploads, pixels; chosen by hand
_EVERY = 3  # every third picture is a stranger


@dataclass(frozen=True, slots=True)
class DemoPictures:
    """The pictures of the demo.

    Attributes:
        references: Registered pictures; the demo disguises and finds their copies.
        strangers: Pictures that show nothing registered.
        object_references: Registered pictures of the object.
        object_upload: Another picture of the same kind of object.
    """

    references: tuple[Path, ...]
    strangers: tuple[Path, ...]
    object_references: tuple[Path, ...] = _OBJECT_REFERENCES
    object_upload: Path = _OBJECT_UPLOAD


def demo_pictures(folder: Path = PICTURES) -> DemoPictures:
    """The pictures that come with the package.

    Raises:
        UnknownNameError: The folder holds fewer than three pictures.
    """
    found = sorted(entry.path for entry in walk([folder]) if entry.error is None)
    if len(found) < _EVERY:
        raise UnknownNameError(f"the demo's pictures are not installed: {folder}")
    strangers = found[_EVERY - 1 :: _EVERY]
    return DemoPictures(tuple(path for path in found if path not in strangers), tuple(strangers))


def disguises(hosts: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> Mapping[str, augment.Transform]:
    """The disguises of the demo, by name.

    Args:
        hosts: Pictures to paste copies into, at least one.
    """
    pasted = augment.Paste(hosts=hosts, fraction=0.45, degrees=(-20.0, 20.0))
    return {
        "cropped": augment.Crop(keep=0.5),
        "mirrored": augment.Chain((augment.Mirror(), augment.Jpeg(quality=30))),
        "inverted": augment.Invert(),
        "rotated": augment.Rotate(degrees=(25.0, 150.0)),
        "pasted": pasted,
        "screenshot": augment.Screenshot(),
        "text": augment.Text(lines=(4, 6), size=(0.1, 0.16)),
        "blurred": augment.Blur(sigma=4.0),
        "perspective": augment.Perspective(strength=0.3),
        "collage": augment.Collage(others=hosts),
        "mirrored-and-pasted": augment.Chain((augment.Mirror(), augment.Hue(degrees=90.0), pasted)),
        "edges": augment.EdgeFilter(share=0.7),
    }


def make_uploads(pictures: DemoPictures, folder: Path) -> list[Path]:
    """Write disguised copies of the references, then the object and the strangers unchanged.

    Args:
        pictures: The pictures of the demo.
        folder: Folder of the uploads; a missing folder is made.

    Returns:
        The files: the copies, the object, the strangers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hosts = [read_picture(path, max_side=_SIDE).rgb for path in pictures.strangers]
    kinds = list(disguises(hosts).items())
    made: list[Path] = []
    for number in range(max(len(kinds), len(pictures.references))):
        source = pictures.references[number % len(pictures.references)]
        name, disguise = kinds[number % len(kinds)]
        seed = int.from_bytes(hashlib.sha256(f"{source.name} {name}".encode()).digest()[:4])
        copy = disguise(read_picture(source, max_side=_SIDE).rgb, np.random.default_rng(seed))
        made.append(_written(folder / f"{source.stem}-{name}.jpg", copy))
    made.append(_written(folder / f"other-{OBJECT}.jpg", read_picture(pictures.object_upload, max_side=_SIDE).rgb))
    return made + [
        _written(folder / f"{path.stem}.jpg", rgb) for path, rgb in zip(pictures.strangers, hosts, strict=True)
    ]


def demo_line(result: UploadResult) -> str:
    """The best finding of one upload, as a line of text."""
    best = result.findings[0] if result.findings else None
    if best is None:
        shows = "nothing registered"
    else:
        shows = f"shows {best.entity if best.names_entity else best.reference} (score {best.score:.1f})"
    return f"{Path(result.upload).name:<48} {result.verdict:<7} {shows}"


def _written(path: Path, rgb: UInt8[np.ndarray, "h w 3"]) -> Path:
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])
    path.write_bytes(jpeg.tobytes())
    return path
