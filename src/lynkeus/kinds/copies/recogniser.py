"""Copies: the upload shows a registered picture, disguised.

Two lists of candidates of their own, as in imgFp (ISC 2021): votes of local points over all references carry the
recall, the global descriptor finds pictures without texture. A few candidates are verified by geometry, then by the
agreement of aligned pixels; one score is made of all that (``lynkeus.kinds.copies.score``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from lynkeus.core import Evidence, Picture
from lynkeus.core.thumbnails import encode_thumbnail, read_thumbnail
from lynkeus.kinds.copies.overlays import Overlays
from lynkeus.kinds.copies.rivals import explain_away
from lynkeus.kinds.copies.score import CopyScore, signals_of
from lynkeus.kinds.copies.single_view import SingleView
from lynkeus.kinds.protocol import FRAMES, GLOBAL, LOCAL, THUMB, GalleryView, RawFinding
from lynkeus.matching.agreement import GreyLevels
from lynkeus.matching.check import CopyCheck, Known, Look, Observation, Seen, outlines
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import MAX_POINTS, CompactFeatures
from lynkeus.matching.sift import LocalFeatures, SiftExtractor, join_features
from lynkeus.matching.verification import UploadPoints, Verified
from lynkeus.matching.voting import Candidate, Voting
from lynkeus.runtime.sessions import PixelModel

NEIGHBOURS = 4
_LEAST_SIDE = 16
_FEW_VOTES, _LEAST_VOTES = 2.0, 0.3
_LEAST_LIKE, _UNLIKE = 0.05, -0.1
_SURE_INLIERS, _SURE_AGREEMENT = 20, 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyRecogniser:
    """Recognises copies.

    Attributes:
        codebook: Fixed codebook of local features.
        model: Global descriptor.
        score: The fitted score.
        calm: Nearest clean vectors: what similarity an unrelated picture has anyway.
        pasted: Finds pictures pasted into the upload; None: nothing is looked for.
        upload_points: Extractor for uploads.
        pasted_points: Extractor for what was pasted into them and is small there.
        reference_points: Extractor for references.
        check: Verification of candidates.
        voted: Candidates by votes that are verified at most.
        similar: Candidates by the global descriptor of the whole picture that are verified at most; of each pasted one,
            one is.
        small: Longest side of a pasted picture, in shares of the upload's, below which it is searched for points anew.
        second_look: Share of the least certain points that is searched under the second permutation as well.
    """

    codebook: Codebook
    model: PixelModel
    score: CopyScore
    calm: Float32[np.ndarray, "n 256"]
    pasted: Callable[[UInt8[np.ndarray, "h w 3"]], Overlays] | None = None
    upload_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=1024, enlarge=2.0, max_points=1100))
    pasted_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=512, enlarge=3.0, max_points=400))
    reference_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=640, max_points=MAX_POINTS))
    voting: Voting = field(default_factory=Voting)
    check: CopyCheck = field(default_factory=CopyCheck)
    voted: int = 3
    similar: int = 2
    small: float = 0.4
    second_look: float = 0.3
    kind: str = "copy"
    version: str = "copy-2"

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
        features, frames, vectors = self._look(picture)
        grey = cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY)
        return self._observation(features, frames, vectors, grey)

    def keep(self, picture: Picture, seen: Observation | None = None) -> Mapping[str, bytes]:
        """What is stored of an upload or a background picture, so that it can be matched later without its file.

        Args:
            picture: The picture.
            seen: What ``observe`` gave for it; None: it is looked at now.
        """
        seen = seen or self.observe(picture)
        features = seen.points.features
        return {
            LOCAL: CompactFeatures.of(features, self.codebook, most=len(features)).pack(),
            GLOBAL: np.stack([look.vector for look in seen.looks]).astype(np.float16).tobytes(),
            FRAMES: np.array([look.frame for look in seen.looks], np.float32).tobytes(),
            THUMB: encode_thumbnail(picture.rgb),
        }

    def recall(self, items: Mapping[str, bytes]) -> Observation:
        """The observation that ``keep`` stored, a little coarser; what ``enrol`` stored is read as one, too."""
        features = CompactFeatures.unpack(items[LOCAL]).expand(self.codebook)
        grey = cv2.cvtColor(read_thumbnail(items[THUMB]), cv2.COLOR_RGB2GRAY)
        whole = np.array([[0, 0, features.width, features.height]], np.float32)
        frames = np.frombuffer(items[FRAMES], np.float32).reshape(-1, 4) if FRAMES in items else whole
        return self._observation(features, frames, _vectors(items[GLOBAL]), grey)

    def _look(
        self, picture: Picture
    ) -> tuple[LocalFeatures, Float32[np.ndarray, "frames 4"], Float32[np.ndarray, "frames 256"]]:
        """Points of the upload, and of what was pasted into it; the frames, and the vector of each."""
        features = self.upload_points(picture.rgb, width=picture.width, height=picture.height)
        frames, vectors = [(0.0, 0.0, float(picture.width), float(picture.height))], [self.describe(picture.rgb)]
        high, wide = picture.height / picture.rgb.shape[0], picture.width / picture.rgb.shape[1]
        for left, top, right, bottom in self._pasted(picture.rgb):
            crop = np.ascontiguousarray(picture.rgb[top:bottom, left:right])
            if max(crop.shape) < self.small * max(picture.rgb.shape):
                size = {"width": round((right - left) * wide), "height": round((bottom - top) * high)}
                features = join_features(features, self.pasted_points(crop, **size), left=left * wide, top=top * high)
            frames.append((left * wide, top * high, right * wide, bottom * high))
            vectors.append(self.describe(crop))
        return features, np.array(frames, np.float32), np.stack(vectors)

    def _pasted(self, rgb: UInt8[np.ndarray, "h w 3"]) -> list[tuple[int, int, int, int]]:
        """Left, top, right, bottom of the pasted pictures, pixels of ``rgb``."""
        boxes = np.rint(self.pasted(rgb).xyxy).astype(int).tolist() if self.pasted else []
        return [(l, t, r, b) for l, t, r, b in boxes if min(r - l, b - t) >= _LEAST_SIDE]

    def _observation(
        self,
        features: LocalFeatures,
        frames: Float32[np.ndarray, "frames 4"],
        vectors: Float32[np.ndarray, "frames 256"],
        grey: UInt8[np.ndarray, "h w"],
    ) -> Observation:
        looks = [
            Look(vector, (float(frame[0]), float(frame[1]), float(frame[2]), float(frame[3])), self._calm_level(vector))
            for vector, frame in zip(vectors, frames, strict=True)
        ]
        return Observation(UploadPoints.of(features, self.codebook), tuple(looks), GreyLevels(grey))

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
        """Findings of an observed upload, best first.

        Candidates that hardly any vote names and that do not resemble the upload are scored unverified. Once one is
        beyond doubt, those that hardly any vote names and that resemble no pasted picture are left out: of the tune
        half's candidates that is two in five, and none of them a copy.
        """
        suspects = self._suspects(upload, view)
        vectors = {number: _vectors(raw)[0] for number, raw in view.items(suspects, GLOBAL).items()}
        looks = {number: _likest(upload, vector) for number, vector in vectors.items()}
        promising = [n for n, candidate in suspects.items() if n in looks and _promises(candidate, looks[n][1])]
        items = {part: view.items(promising, part) for part in (LOCAL, THUMB)}
        found: list[RawFinding] = []
        settled = False
        for number, candidate in suspects.items():
            if number not in looks:
                continue
            look, likeness = looks[number]
            if settled and look is upload.looks[0] and (candidate is None or candidate.votes < _FEW_VOTES):
                continue
            known = None
            if number in items[LOCAL]:
                known = Known.read(items[LOCAL][number], items[THUMB].get(number), self.codebook)
            found.append(self._judge(upload, number, known, candidate, look, likeness))
            settled = settled or settles(found[-1].evidence)
        return explain_away(found)

    def _suspects(self, upload: Observation, view: GalleryView) -> dict[int, Candidate | None]:
        """References to verify, those with votes first, then the most similar of the others."""
        suspects: dict[int, Candidate | None] = {c.owner: c for c in self._vote(upload.points, view)}
        for look in upload.looks:
            near = [int(i) for i in view.nearest(look.vector[None], self.voted + self.similar).ids[0]]
            more = [i for i in near if i >= 0 and i not in suspects]
            suspects |= dict.fromkeys(more[: self.similar if look is upload.looks[0] else 1])
        return suspects

    def _vote(self, points: UploadPoints, view: GalleryView) -> list[Candidate]:
        features = points.features
        if len(features) < self.check.verification.least:
            return []
        order = points.order
        again = np.flatnonzero(points.lead <= np.quantile(points.lead, self.second_look))
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

    def _judge(
        self,
        upload: Observation,
        number: int,
        reference: Known | None,
        candidate: Candidate | None,
        look: Look,
        likeness: float,
    ) -> RawFinding:
        """Verify one candidate, which resembles ``look`` the most, and score it; None: it is not worth verifying."""
        seen = self.check(upload, reference, look, candidate) if reference else Seen(None, None)
        signals = signals_of(seen, cosine=likeness, votes=candidate.votes if candidate else 0.0)
        none = np.zeros((0, 2))
        region, reference_region = _outlines(upload, reference, seen.verified) if reference else (none, none)
        return RawFinding(
            reference_id=number,
            score=self.score(signals),
            evidence=seen.evidence(likeness + look.calm),
            region=region,
            reference_region=reference_region,
            figures=asdict(signals),
        )

    def _calm_level(self, vector: Float32[np.ndarray, "256"]) -> float:
        """Mean similarity to the three nearest clean vectors (score normalisation, SSCD)."""
        if not len(self.calm):
            return 0.0
        return float(np.sort(self.calm @ vector)[-3:].mean())


def _likest(upload: Observation, vector: Float32[np.ndarray, "256"]) -> tuple[Look, float]:
    """The look that resembles a reference the most, and by how much more than it resembles anything."""
    likeness = [float(look.vector @ vector) - look.calm for look in upload.looks]
    best = int(np.argmax(likeness))
    return upload.looks[best], likeness[best]


def _promises(candidate: Candidate | None, likeness: float) -> bool:
    return likeness >= _LEAST_LIKE if candidate is None else candidate.votes >= _LEAST_VOTES or likeness >= _UNLIKE


def settles(evidence: Evidence) -> bool:
    """Whether a candidate is a copy beyond doubt."""
    return evidence.inliers >= _SURE_INLIERS and (evidence.agreement or 0.0) >= _SURE_AGREEMENT


def _vectors(raw: bytes) -> Float32[np.ndarray, "n 256"]:
    return np.frombuffer(raw, np.float16).astype(np.float32).reshape(-1, 256)


def _outlines(
    upload: Observation, reference: Known, verified: Verified | None
) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, "m 2"]]:
    if verified is None:
        return np.zeros((0, 2)), np.zeros((0, 2))
    shown, features = reference.features, upload.points.features
    return outlines(verified.transform, (shown.width, shown.height), (features.width, features.height))
