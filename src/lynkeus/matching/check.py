"""One candidate, verified: geometry of points, then agreement of aligned pixels.

A candidate with votes is verified as the votes say. One that only resembles the upload is tried as its matched points
lie, if enough points match; otherwise as filling the frame of the upload that resembles it.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from lynkeus.core import Alignment, Evidence, Points, similarity_of
from lynkeus.core.thumbnails import read_thumbnail
from lynkeus.matching.agreement import Agreement, AgreementCheck, GreyLevels
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import CompactFeatures
from lynkeus.matching.verification import UploadPoints, Verification, Verified, apply
from lynkeus.matching.voting import Candidate, Similarity

Frame = tuple[float, float, float, float]
"""Left, top, right, bottom, full-size pixels."""

_CONVINCING = 0.5  # agreement of pixels from which no other alignment is tried


@dataclass(frozen=True, slots=True, eq=False)
class CheckedUpload:
    """What the check needs of an upload.

    Attributes:
        points: Its local features.
        grey: Its pixels, perhaps reduced.
    """

    points: UploadPoints
    grey: GreyLevels


@dataclass(frozen=True, slots=True, eq=False)
class StoredReference:
    """A reference as it is stored, decoded.

    Attributes:
        features: Its points.
        decoded: Their descriptors, as far as the codes keep them.
        grey: Its thumbnail; None where no pixels are kept.
    """

    features: CompactFeatures
    decoded: Float32[np.ndarray, "m 64"]
    grey: UInt8[np.ndarray, "h w"] | None

    @classmethod
    def read(cls, local: bytes, thumb: bytes | None, codebook: Codebook) -> "StoredReference":
        """From stored items."""
        features = CompactFeatures.unpack(local)
        return cls(features, codebook.decode(features.codes), None if thumb is None else grey_of(thumb))


def grey_of(thumbnail: bytes) -> UInt8[np.ndarray, "h w"]:
    """The brightness of a stored thumbnail."""
    return cv2.cvtColor(read_thumbnail(thumbnail), cv2.COLOR_RGB2GRAY)


@dataclass(frozen=True, slots=True, eq=False)
class CheckResult:
    """What one try at verification showed.

    Attributes:
        verified: The transform and the matches that support it; None where nothing could be tried.
        agreed: Agreement of aligned pixels; None where there is no transform or no pixels are kept.
    """

    verified: Verified | None
    agreed: Agreement | None

    @property
    def rank(self) -> tuple[float, int]:
        """Agreement first, then inliers."""
        return self.agreed.share if self.agreed else 0.0, self.verified.inliers if self.verified else 0

    def evidence(self, cosine: float) -> Evidence:
        """What a person can check.

        Args:
            cosine: Similarity of the global descriptors.
        """
        verified, agreed = self.verified, self.agreed
        if verified is None:
            return Evidence(similarity=similarity_of(cosine))
        points = Points(upload=verified.upload_points, reference=verified.reference_points)
        return Evidence(
            alignment=Alignment(
                transform=verified.transform,
                mirrored=verified.mirrored,
                negative=verified.negative,
                agreement=agreed.share if agreed else None,
                overlap=agreed.overlap if agreed else 0.0,
            ),
            points=points if points.inliers else None,
            similarity=similarity_of(cosine),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureCheck:
    """Verifies candidates.

    Attributes:
        verification: The check of geometry.
        agreement: The check of aligned pixels.
        coarse_agreement: Likewise where the reference may fill a whole frame of the upload.
    """

    verification: Verification = field(default_factory=Verification)
    agreement: AgreementCheck = field(default_factory=AgreementCheck)
    coarse_agreement: AgreementCheck = field(
        default_factory=lambda: AgreementCheck(side=96, windows=7.0, texture=2.0, bend_below=0.0)
    )

    def __call__(
        self, upload: CheckedUpload, reference: StoredReference, frame: Frame, candidate: Candidate | None
    ) -> CheckResult:
        """The most convincing way in which the upload may show the reference.

        Args:
            upload: The upload.
            reference: The candidate's items.
            frame: The frame of the upload that resembles the reference most.
            candidate: Its votes; None: it only resembles the upload.
        """
        tries = self._voted(upload, reference, candidate) if candidate else self._similar(upload, reference, frame)
        return max(tries, key=lambda t: t.rank, default=CheckResult(None, None))

    def _voted(self, upload: CheckedUpload, reference: StoredReference, candidate: Candidate) -> list[CheckResult]:
        guess = candidate.similarity
        return self._matched(upload, reference, guess, mirrored=guess.mirrored, negative=guess.negative)

    def _similar(self, upload: CheckedUpload, reference: StoredReference, frame: Frame) -> list[CheckResult]:
        tries: list[CheckResult] = []
        shown = self.verification.permutation(upload.points, reference.features, reference.decoded)
        if shown is not None:
            tries = self._matched(upload, reference, None, mirrored=bool(shown & 1), negative=bool(shown >> 1))
        if reference.grey is None or any(t.agreed is not None and t.agreed.share > _CONVINCING for t in tries):
            return tries
        return tries + [self._fill(upload, reference, frame, mirrored=mirrored) for mirrored in (False, True)]

    def _matched(
        self,
        upload: CheckedUpload,
        reference: StoredReference,
        guess: Similarity | None,
        *,
        mirrored: bool,
        negative: bool,
    ) -> list[CheckResult]:
        verified = self.verification(
            upload.points, reference.features, reference.decoded, guess, mirrored=mirrored, negative=negative
        )
        if verified is None:
            return []
        if reference.grey is None:
            return [CheckResult(verified, None)]
        aligned = _between_pixels(upload, reference, verified.transform)
        return [CheckResult(verified, self.agreement(upload.grey, reference.grey, aligned, negative=negative))]

    def _fill(self, upload: CheckedUpload, reference: StoredReference, frame: Frame, *, mirrored: bool) -> CheckResult:
        """The reference stretched over the whole frame, supported by no points, in whichever tone agrees better."""
        left, top, right, bottom = frame
        zoom_x, zoom_y = (right - left) / reference.features.width, (bottom - top) / reference.features.height
        transform = np.array([[zoom_x, 0.0, left], [0.0, zoom_y, top], [0.0, 0.0, 1.0]])
        if mirrored:
            transform[0] = -zoom_x, 0.0, right - 1.0
        aligned = _between_pixels(upload, reference, transform)
        assert reference.grey is not None
        agreed = self.coarse_agreement(upload.grey, reference.grey, aligned, negative=None)
        none = np.zeros((0, 2), np.float32)
        filled = Verified(transform, none, none, matches=0, mirrored=mirrored, negative=agreed.negative, spread=0.0)
        return CheckResult(filled, agreed)


def _between_pixels(
    upload: CheckedUpload, reference: StoredReference, transform: Float64[np.ndarray, "3 3"]
) -> Float64[np.ndarray, "3 3"]:
    """A transform between full-size pictures as one from the thumbnail to the decoded upload."""
    shown, features = reference.features, upload.points.features
    assert reference.grey is not None
    height, width = reference.grey.shape
    decoded = upload.grey.full.shape[1] / features.width, upload.grey.full.shape[0] / features.height
    return np.diag([*decoded, 1.0]) @ transform @ np.diag([shown.width / width, shown.height / height, 1.0])


def outlines(
    transform: Float64[np.ndarray, "3 3"], reference: tuple[int, int], upload: tuple[int, int]
) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, "n 2"]]:
    """The part of the upload that shows the reference, and that part of the reference: two convex outlines.

    Args:
        transform: Homography, reference to upload, that sends no corner behind the plane.
        reference: Width and height of the reference, pixels.
        upload: Width and height of the upload, pixels.
    """
    corners = apply(transform, _corners(*reference)).astype(np.float32)
    if cv2.contourArea(corners, oriented=True) < 0:
        corners = corners[::-1].copy()
    area, region = cv2.intersectConvexConvex(corners, _corners(*upload).astype(np.float32))
    if area <= 0:
        return np.zeros((0, 2)), np.zeros((0, 2))
    outline = region.reshape(-1, 2).astype(np.float64)
    return outline, apply(np.linalg.inv(transform), outline)


def _corners(width: int, height: int) -> Float64[np.ndarray, "4 2"]:
    return np.array([[-0.5, -0.5], [width - 0.5, -0.5], [width - 0.5, height - 0.5], [-0.5, height - 0.5]])
