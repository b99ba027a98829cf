"""Copies: the upload shows a registered picture, disguised.

Two lists of candidates of their own, as in imgFp (ISC 2021): votes of local points over all references carry the recall,
the global descriptor finds pictures without texture. A few candidates are verified by geometry, then by the agreement of
aligned pixels; one score is made of all that (``lynkeus.recognisers.copy_score``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from lynkeus.core import Evidence, Picture
from lynkeus.matching.agreement import Agreement, AgreementCheck
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import MAX_POINTS, CompactFeatures
from lynkeus.matching.sift import SiftExtractor
from lynkeus.matching.verification import UploadPoints, Verification, Verified, apply
from lynkeus.matching.voting import Candidate, Similarity, Voting
from lynkeus.recognisers.copy_score import CopyScore, Signals
from lynkeus.recognisers.protocol import GLOBAL, LOCAL, THUMB, GalleryView, RawFinding
from lynkeus.recognisers.single_view import SingleView
from lynkeus.recognisers.thumbnails import encode_thumbnail, read_thumbnail
from lynkeus.runtime.sessions import PixelModel

NEIGHBOURS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What is needed of an upload to match it.

    Attributes:
        points: Its local features.
        vector: Its global vector.
        grey: Its pixels, perhaps reduced.
    """

    points: UploadPoints
    vector: Float32[np.ndarray, "256"]
    grey: UInt8[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, eq=False)
class _Suspect:
    """A reference to be verified: why it came up."""

    reference_id: int
    cosine: float
    candidate: Candidate | None


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyRecogniser:
    """Recognises copies.

    Attributes:
        codebook: Fixed codebook of local features.
        model: Global descriptor.
        calm: Nearest clean vectors: what similarity an unrelated picture has anyway.
        score: The fitted score.
        upload_points: Extractor for uploads.
        reference_points: Extractor for references.
        voted: Candidates by votes that are verified at most.
        similar: Candidates by the global descriptor that are verified at most.
        second_look: Share of the least certain points that is searched under the second permutation as well.
    """

    codebook: Codebook
    model: PixelModel
    score: CopyScore
    calm: Float32[np.ndarray, "n 256"]
    upload_points: SiftExtractor = field(default_factory=SiftExtractor)
    reference_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=640, max_points=MAX_POINTS))
    voting: Voting = field(default_factory=Voting)
    verification: Verification = field(default_factory=Verification)
    agreement: AgreementCheck = field(default_factory=AgreementCheck)
    voted: int = 3
    similar: int = 2
    second_look: float = 0.3
    kind: str = "copy"
    version: str = "copy-1"

    def enrol(self, picture: Picture) -> Mapping[str, bytes]:
        """Local features (at most 8 KiB), global vector (half precision) and thumbnail (at most 16 KiB)."""
        features = self.reference_points(picture.rgb, width=picture.width, height=picture.height)
        return {
            LOCAL: CompactFeatures.of(features, self.codebook).pack(),
            GLOBAL: self.describe(picture.rgb).astype(np.float16).tobytes(),
            THUMB: encode_thumbnail(picture.rgb),
        }

    def describe(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "256"]:
        """The global vector of a picture, length 1."""
        return self.model(rgb)[0][0]

    def observe(self, picture: Picture) -> Observation:
        """Look at an upload."""
        features = self.upload_points(picture.rgb, width=picture.width, height=picture.height)
        grey = cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY)
        return Observation(UploadPoints.of(features, self.codebook), self.describe(picture.rgb), grey)

    def keep(self, picture: Picture) -> Mapping[str, bytes]:
        """What is stored of an upload or a background picture, so that it can be matched later without its file."""
        features = self.upload_points(picture.rgb, width=picture.width, height=picture.height)
        return {
            LOCAL: CompactFeatures.of(features, self.codebook, most=len(features)).pack(),
            GLOBAL: self.describe(picture.rgb).astype(np.float16).tobytes(),
            THUMB: encode_thumbnail(picture.rgb),
        }

    def recall(self, items: Mapping[str, bytes]) -> Observation:
        """The observation that ``keep`` stored, a little coarser."""
        features = CompactFeatures.unpack(items[LOCAL]).expand(self.codebook)
        grey = cv2.cvtColor(read_thumbnail(items[THUMB]), cv2.COLOR_RGB2GRAY)
        vector = np.frombuffer(items[GLOBAL], np.float16).astype(np.float32)
        return Observation(UploadPoints.of(features, self.codebook), vector, grey)

    def recognise(self, pictures: Sequence[Picture], view: GalleryView) -> list[list[RawFinding]]:
        """Findings of each picture, best first; every verified candidate is one, however weak."""
        return [self.match(self.observe(picture), view) for picture in pictures]

    def recognise_items(self, items: Mapping[str, bytes], view: GalleryView) -> list[RawFinding]:
        """``recognise`` for an upload of which only stored items are left."""
        return self.match(self.recall(items), view)

    def compare(self, upload: Picture, reference: Picture) -> RawFinding | None:
        """How an upload shows a picture that is registered nowhere; its reference id is 1. None: not at all."""
        found = self.match(self.observe(upload), SingleView(self.enrol(reference), self.codebook))
        return found[0] if found else None

    def match(self, upload: Observation, view: GalleryView) -> list[RawFinding]:
        """Findings of an observed upload, best first."""
        suspects = self._suspects(upload, view)
        wanted = [suspect.reference_id for suspect in suspects]
        local, thumbs = view.items(wanted, LOCAL), view.items(wanted, THUMB)
        found = [
            self._check(upload, suspect, local[suspect.reference_id], thumbs.get(suspect.reference_id))
            for suspect in suspects
            if suspect.reference_id in local
        ]
        return sorted(found, key=lambda f: -f.score)

    def _suspects(self, upload: Observation, view: GalleryView) -> list[_Suspect]:
        """Candidates of both lists, those of the votes first."""
        near = view.nearest(upload.vector[None], 16)
        cosine = {int(i): float(s) for i, s in zip(near.ids[0], near.score[0], strict=True) if i >= 0}
        voted = self._vote(upload.points, view)
        suspects = [_Suspect(c.owner, cosine.get(c.owner, 0.0), c) for c in voted]
        known = {c.owner for c in voted}
        more = [i for i in cosine if i not in known][: self.similar]
        return suspects + [_Suspect(i, cosine[i], None) for i in more]

    def _vote(self, points: UploadPoints, view: GalleryView) -> list[Candidate]:
        features = points.features
        if len(features) < self.verification.least:
            return []
        order, lead = self.codebook.canonical(features.vectors)
        again = np.flatnonzero(lead <= np.quantile(lead, self.second_look))
        rows = np.concatenate([np.arange(len(features)), again])
        permutation = np.concatenate([order[:, 0], order[again, 1]])
        ids, distance = view.nearest_points(points.projected[permutation, rows], NEIGHBOURS)
        return self.voting(
            features.points[rows],
            features.scale[rows],
            features.angle[rows],
            permutation,
            ids,
            distance,
            longest=max(features.width, features.height),
            most=self.voted,
        )

    def _check(self, upload: Observation, suspect: _Suspect, local: bytes, thumb: bytes | None) -> RawFinding:
        """Verify one candidate and score it."""
        reference = CompactFeatures.unpack(local)
        decoded = self.codebook.decode(reference.codes)
        reference_grey = None if thumb is None else cv2.cvtColor(read_thumbnail(thumb), cv2.COLOR_RGB2GRAY)
        tries = [
            self._try(upload, reference, decoded, reference_grey, guess, mirrored=mirrored, negative=negative)
            for guess, mirrored, negative in _guesses(suspect)
        ]
        seen = max(tries, key=lambda t: (t.verified is not None, t.agreed.share if t.agreed else 0.0, t.inliers))
        verified, agreed = seen.verified, seen.agreed
        signals = Signals(
            cosine=suspect.cosine - self._calm_level(upload.vector),
            votes=suspect.candidate.votes if suspect.candidate else 0.0,
            inliers=seen.inliers,
            inlier_share=seen.inliers / verified.matches if verified else 0.0,
            spread=verified.spread if verified else 0.0,
            overlap=agreed.overlap if agreed else 0.0,
            agreement=agreed.share if agreed else 0.0,
            blocks=agreed.blocks if agreed else 0,
            correlation=agreed.correlation if agreed else 0.0,
        )
        return _finding(upload, suspect, reference, verified, agreed, self.score(signals))

    def _try(
        self,
        upload: Observation,
        reference: CompactFeatures,
        decoded: Float32[np.ndarray, "m 64"],
        reference_grey: UInt8[np.ndarray, "h w"] | None,
        guess: Similarity | None,
        *,
        mirrored: bool,
        negative: bool,
    ) -> "_Seen":
        verified = self.verification(upload.points, reference, decoded, guess, mirrored=mirrored, negative=negative)
        if verified is None:
            return _Seen(None, None)
        if reference_grey is None:
            return _Seen(verified, None)
        to_upload = _to_decoded(upload) @ verified.transform
        to_reference = np.diag(
            [reference.width / reference_grey.shape[1], reference.height / reference_grey.shape[0], 1.0]
        )
        return _Seen(verified, self.agreement(upload.grey, reference_grey, to_upload @ to_reference, negative=negative))

    def _calm_level(self, vector: Float32[np.ndarray, "256"]) -> float:
        """Mean similarity to the three nearest clean vectors (score normalisation, SSCD)."""
        if not len(self.calm):
            return 0.0
        return float(np.sort(self.calm @ vector)[-3:].mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What one try at verification showed."""

    verified: Verified | None
    agreed: Agreement | None

    @property
    def inliers(self) -> int:
        return self.verified.inliers if self.verified else 0


def _guesses(suspect: _Suspect) -> list[tuple[Similarity | None, bool, bool]]:
    """What to try: what the votes say, or all four permutations where there were none."""
    if suspect.candidate is not None:
        similarity = suspect.candidate.similarity
        return [(similarity, similarity.mirrored, similarity.negative)]
    return [(None, mirrored, negative) for negative in (False, True) for mirrored in (False, True)]


def _to_decoded(upload: Observation) -> Float64[np.ndarray, "3 3"]:
    """From full-size pixels to those of the decoded upload."""
    features = upload.points.features
    return np.diag([upload.grey.shape[1] / features.width, upload.grey.shape[0] / features.height, 1.0])


def _finding(
    upload: Observation,
    suspect: _Suspect,
    reference: CompactFeatures,
    verified: Verified | None,
    agreed: Agreement | None,
    score: float,
) -> RawFinding:
    none = np.zeros((0, 2), np.float32)
    evidence = Evidence(
        transform=verified.transform if verified else None,
        upload_points=verified.upload_points if verified else none,
        reference_points=verified.reference_points if verified else none,
        mirrored=verified.mirrored if verified else False,
        negative=verified.negative if verified else False,
        inliers=verified.inliers if verified else 0,
        agreement=agreed.share if agreed else None,
        overlap=agreed.overlap if agreed else 0.0,
        cosine=suspect.cosine,
    )
    if verified is None:
        return RawFinding(reference_id=suspect.reference_id, score=score, evidence=evidence)
    region, reference_region = outlines(
        verified.transform,
        (reference.width, reference.height),
        (upload.points.features.width, upload.points.features.height),
    )
    return RawFinding(
        reference_id=suspect.reference_id,
        score=score,
        evidence=evidence,
        region=region,
        reference_region=reference_region,
    )


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
