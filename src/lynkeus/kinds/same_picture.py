"""Are two stored pictures nearly the same? No network is needed, so all kinds share the answer.

Nearly the same: each picture shows four fifths of the other, and four fifths of the blocks agree. A picture that shows
a part of a reference is not nearly the same, nor is one that shows the reference in a part of it: the same playing card
in two photographs is a false alarm that a calibration must know of.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float64

from lynkeus.core.thumbnails import THUMBNAIL_SIDE, read_thumbnail
from lynkeus.matching.agreement import GreyLevels
from lynkeus.matching.check import CheckedUpload, CheckResult, PictureCheck, StoredReference, outlines
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import MAX_POINTS, CompactFeatures
from lynkeus.matching.sift import SiftExtractor
from lynkeus.matching.verification import UploadPoints

_AGREEMENT = 0.8  # share of agreeing pixels of two nearly equal pictures; chosen by hand
_SHOWN = 0.8  # share of each picture that the other shows
_INLIERS = 20  # strangers that share nothing reach 4; pictures with fewer points are compared as a whole


@dataclass(frozen=True, kw_only=True, slots=True)
class SamePicture:
    """Compares thumbnails.

    Attributes:
        codebook: The shipped codebook of local features.
        points: Extractor for thumbnails.
        check: The check of geometry and pixels.
    """

    codebook: Codebook
    points: SiftExtractor = field(
        default_factory=lambda: SiftExtractor(side=2 * THUMBNAIL_SIDE, enlarge=2.0, max_points=MAX_POINTS)
    )
    check: PictureCheck = field(default_factory=PictureCheck)

    def __call__(self, one: bytes, other: bytes) -> bool:
        """Whether two stored thumbnails are of nearly the same picture.

        Raises:
            CorruptError: One of them is no thumbnail.
        """
        if one == other:
            return True
        rgb, reference = read_thumbnail(one), read_thumbnail(other)
        high, wide = rgb.shape[:2]
        seen = self.points(rgb, width=wide, height=high)
        known = self.points(reference, width=reference.shape[1], height=reference.shape[0])
        features = CompactFeatures.of(known, self.codebook)
        upload = CheckedUpload(UploadPoints.of(seen, self.codebook), GreyLevels(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)))
        stored = StoredReference(
            features, self.codebook.decode(features.codes), cv2.cvtColor(reference, cv2.COLOR_RGB2GRAY)
        )
        frame = (0.0, 0.0, float(wide), float(high))
        return _covers(self.check(upload, stored, frame, None), features, wide, high)

    def by_points(self, one: CompactFeatures, reference: CompactFeatures) -> bool:
        """Whether two pictures are nearly the same by their points alone, where no pixels are kept."""
        upload = UploadPoints.of(one.expand(self.codebook), self.codebook)
        decoded = self.codebook.decode(reference.codes)
        shown = self.check.verification.permutation(upload, reference, decoded)
        if shown is None:
            return False
        verified = self.check.verification(
            upload, reference, decoded, None, mirrored=bool(shown & 1), negative=bool(shown >> 1)
        )
        if verified is None or verified.inliers < _INLIERS:
            return False
        size = (one.width, one.height)
        region, back = outlines(verified.transform, (reference.width, reference.height), size)
        return min(_share(region, *size), _share(back, reference.width, reference.height)) > _SHOWN


def _covers(found: CheckResult, reference: CompactFeatures, width: int, height: int) -> bool:
    """Whether each picture shows nearly all of the other, with pixels that agree."""
    if found.verified is None or found.agreed is None:
        return False
    plain = not found.verified.matches
    if found.agreed.share <= _AGREEMENT or not (plain or found.verified.inliers >= _INLIERS):
        return False
    region, _ = outlines(found.verified.transform, (reference.width, reference.height), (width, height))
    return min(_share(region, width, height), found.agreed.overlap) > _SHOWN


def _share(region: Float64[np.ndarray, "n 2"], width: int, height: int) -> float:
    """Area of an outline in shares of a picture's area."""
    return cv2.contourArea(region.astype(np.float32)) / (width * height) if len(region) else 0.0
