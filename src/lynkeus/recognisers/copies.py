"""Copies: the upload shows a registered picture, disguised.

Two lists of candidates of their own, as in imgFp (ISC 2021): votes of local points over all references carry the
recall, the global descriptor finds pictures without texture. A few candidates are verified by geometry, then by the
agreement of aligned pixels; one score is made of all that (``lynkeus.recognisers.copy_score``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from lynkeus.core import Evidence, Picture
from lynkeus.matching.agreement import Agreement, AgreementCheck
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import MAX_POINTS, CompactFeatures
from lynkeus.matching.sift import LocalFeatures, SiftExtractor
from lynkeus.matching.verification import UploadPoints, Verification, Verified, apply
from lynkeus.matching.voting import Candidate, Similarity, Voting
from lynkeus.recognisers.copy_score import CopyScore, Signals
from lynkeus.recognisers.protocol import GLOBAL, LOCAL, THUMB, GalleryView, RawFinding
from lynkeus.recognisers.single_view import SingleView
from lynkeus.recognisers.thumbnails import encode_thumbnail, read_thumbnail
from lynkeus.runtime.sessions import PixelModel

NEIGHBOURS = 4
_CONVINCING = 0.5
_PERMUTED = ((False, False), (True, False), (False, True), (True, True))


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


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyRecogniser:
    """Recognises copies.

    Attributes:
        codebook: Fixed codebook of local features.
        model: Global descriptor.
        calm: Nearest clean vectors: what similarity an unrelated picture has anyway.
        score: The fitted score.
        coarse_agreement: The check of aligned pixels where the reference may fill the whole upload.
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
    upload_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=1024, enlarge=2.0, max_points=1100))
    reference_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=640, max_points=MAX_POINTS))
    voting: Voting = field(default_factory=Voting)
    verification: Verification = field(default_factory=Verification)
    agreement: AgreementCheck = field(default_factory=AgreementCheck)
    coarse_agreement: AgreementCheck = field(default_factory=lambda: AgreementCheck(side=96, windows=7.0, texture=2.0))
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
        return Observation(UploadPoints.of(features, self.codebook), _vector(items[GLOBAL]), grey)

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
        items = {part: view.items(suspects, part) for part in (LOCAL, GLOBAL, THUMB)}
        calm = self._calm_level(upload.vector)
        found: list[RawFinding] = []
        for number, candidate in suspects.items():
            if number in items[LOCAL]:
                reference = self._known(items[LOCAL][number], items[THUMB].get(number))
                cosine = float(_vector(items[GLOBAL][number]) @ upload.vector)
                found.append(self._check(upload, number, reference, candidate, cosine, calm))
        return sorted(found, key=lambda f: -f.score)

    def _suspects(self, upload: Observation, view: GalleryView) -> dict[int, Candidate | None]:
        """References to verify, those with votes first, then the most similar of the others."""
        suspects: dict[int, Candidate | None] = {c.owner: c for c in self._vote(upload.points, view)}
        near = [int(i) for i in view.nearest(upload.vector[None], self.voted + self.similar).ids[0]]
        more = [i for i in near if i >= 0 and i not in suspects]
        return suspects | dict.fromkeys(more[: self.similar])

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

    def _known(self, local: bytes, thumb: bytes | None) -> "_Known":
        features = CompactFeatures.unpack(local)
        grey = None if thumb is None else cv2.cvtColor(read_thumbnail(thumb), cv2.COLOR_RGB2GRAY)
        return _Known(features, self.codebook.decode(features.codes), grey)

    def _check(
        self,
        upload: Observation,
        number: int,
        reference: "_Known",
        candidate: Candidate | None,
        cosine: float,
        calm: float,
    ) -> RawFinding:
        """Verify one candidate and score it."""
        seen = max(self._tries(upload, reference, candidate), key=lambda t: t.rank, default=_Seen(None, None))
        verified, agreed = seen.verified, seen.agreed
        signals = Signals(
            cosine=cosine - calm,
            votes=candidate.votes if candidate else 0.0,
            inliers=verified.inliers if verified else 0,
            inlier_share=verified.inliers / max(verified.matches, 1) if verified else 0.0,
            spread=verified.spread if verified else 0.0,
            overlap=agreed.overlap if agreed else 0.0,
            agreement=agreed.share if agreed else 0.0,
            blocks=agreed.blocks if agreed else 0,
            correlation=agreed.correlation if agreed else 0.0,
        )
        region, reference_region = _outlines(upload, reference, verified)
        return RawFinding(
            reference_id=number,
            score=self.score(signals),
            evidence=_evidence(seen, cosine),
            region=region,
            reference_region=reference_region,
            figures=asdict(signals),
        )

    def _tries(self, upload: Observation, reference: "_Known", candidate: Candidate | None) -> "list[_Seen]":
        """Ways the reference may lie in the upload: as voted, else as matched, else filling its whole frame."""
        if candidate is not None:
            guess = candidate.similarity
            verified = self._verify(upload, reference, guess, mirrored=guess.mirrored, negative=guess.negative)
            return [] if verified is None else [self._compare(upload, reference, verified)]
        matched = [self._verify(upload, reference, None, mirrored=m, negative=n) for m, n in _PERMUTED]
        tries = [self._compare(upload, reference, verified) for verified in matched if verified is not None]
        if any(t.agreed is not None and t.agreed.share > _CONVINCING for t in tries) or reference.grey is None:
            return tries
        frames = [
            _whole_frame(reference.features, upload.points.features, mirrored=m, negative=n) for m, n in _PERMUTED
        ]
        return tries + [self._compare(upload, reference, frame, self.coarse_agreement) for frame in frames]

    def _verify(
        self, upload: Observation, reference: "_Known", guess: Similarity | None, *, mirrored: bool, negative: bool
    ) -> Verified | None:
        return self.verification(
            upload.points, reference.features, reference.decoded, guess, mirrored=mirrored, negative=negative
        )

    def _compare(
        self, upload: Observation, reference: "_Known", verified: Verified, check: AgreementCheck | None = None
    ) -> "_Seen":
        """With the agreement of aligned pixels, where pixels of the reference are kept."""
        grey = reference.grey
        if grey is None:
            return _Seen(verified, None)
        features = reference.features
        from_thumbnail = np.diag([features.width / grey.shape[1], features.height / grey.shape[0], 1.0])
        transform = _to_decoded(upload) @ verified.transform @ from_thumbnail
        agreed = (check or self.agreement)(upload.grey, grey, transform, negative=verified.negative)
        return _Seen(verified, agreed)

    def _calm_level(self, vector: Float32[np.ndarray, "256"]) -> float:
        """Mean similarity to the three nearest clean vectors (score normalisation, SSCD)."""
        if not len(self.calm):
            return 0.0
        return float(np.sort(self.calm @ vector)[-3:].mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A reference as it is stored, decoded."""

    features: CompactFeatures
    decoded: Float32[np.ndarray, "m 64"]
    grey: UInt8[np.ndarray, "h w"] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What one try at verification showed."""

    verified: Verified | None
    agreed: Agreement | None

    @property
    def rank(self) -> tuple[float, int]:
        """Agreement first, then inliers."""
        return self.agreed.share if self.agreed else 0.0, self.verified.inliers if self.verified else 0


def _vector(raw: bytes) -> Float32[np.ndarray, " dim"]:
    return np.frombuffer(raw, np.float16).astype(np.float32)


def _whole_frame(reference: CompactFeatures, upload: LocalFeatures, *, mirrored: bool, negative: bool) -> Verified:
    """The reference stretched over the whole upload, supported by no points."""
    zoom_x, zoom_y = upload.width / reference.width, upload.height / reference.height
    transform = np.diag([zoom_x, zoom_y, 1.0])
    if mirrored:
        transform = np.array([[-zoom_x, 0.0, upload.width - 1.0], [0.0, zoom_y, 0.0], [0.0, 0.0, 1.0]])
    none = np.zeros((0, 2), np.float32)
    return Verified(transform, none, none, matches=0, mirrored=mirrored, negative=negative, spread=0.0)


def _to_decoded(upload: Observation) -> Float64[np.ndarray, "3 3"]:
    """From full-size pixels to those of the decoded upload."""
    features = upload.points.features
    return np.diag([upload.grey.shape[1] / features.width, upload.grey.shape[0] / features.height, 1.0])


def _evidence(seen: _Seen, cosine: float) -> Evidence:
    verified, agreed = seen.verified, seen.agreed
    none = np.zeros((0, 2), np.float32)
    return Evidence(
        transform=verified.transform if verified else None,
        upload_points=verified.upload_points if verified else none,
        reference_points=verified.reference_points if verified else none,
        mirrored=verified.mirrored if verified else False,
        negative=verified.negative if verified else False,
        inliers=verified.inliers if verified else 0,
        agreement=agreed.share if agreed else None,
        overlap=agreed.overlap if agreed else 0.0,
        cosine=cosine,
    )


def _outlines(
    upload: Observation, reference: _Known, verified: Verified | None
) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, "m 2"]]:
    if verified is None:
        return np.zeros((0, 2)), np.zeros((0, 2))
    shown, features = reference.features, upload.points.features
    return outlines(verified.transform, (shown.width, shown.height), (features.width, features.height))


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
