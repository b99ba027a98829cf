"""Copies: the upload shows a registered picture, disguised.

Candidates come from two lists, as in imgFp (ISC 2021): votes of local points over all references carry the recall, and
the global descriptor finds pictures without texture. Geometry verifies a few candidates, then the agreement of aligned
pixels; one score is made of all signals (``lynkeus.kinds.copies.score``).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from lynkeus.core import Picture, Sample
from lynkeus.kinds.copies.belief import belief_in, settles
from lynkeus.kinds.copies.clean_pairs import CLEAN_NEIGHBOURS, LEAST_LIKE, VOTED, CleanPairs
from lynkeus.kinds.copies.index import CopyIndex, CopyPart, CopyView, GalleryView
from lynkeus.kinds.copies.observation import Look, Observation
from lynkeus.kinds.copies.overlays import MODEL as OVERLAYS
from lynkeus.kinds.copies.overlays import OverlayFinder, Overlays
from lynkeus.kinds.copies.rivals import explain_away
from lynkeus.kinds.copies.score import CopyScore, signals_of
from lynkeus.kinds.items import THUMB, Items, made_by, packed, unpacked
from lynkeus.kinds.normalisation import CleanVectors
from lynkeus.kinds.protocol import RawFinding, Recogniser, Traits, WorthMatching
from lynkeus.kinds.same_picture import SamePicture
from lynkeus.matching.agreement import GreyLevels
from lynkeus.matching.check import CheckedUpload, CheckResult, PictureCheck, StoredReference, grey_of, outlines
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import MAX_POINTS, CompactFeatures
from lynkeus.matching.sift import LocalFeatures, SiftExtractor, join_features
from lynkeus.matching.verification import UploadPoints, Verified
from lynkeus.matching.voting import Candidate, Voting
from lynkeus.runtime.cards import ModelCard
from lynkeus.runtime.sessions import PixelModel

VERSION = "copy-2"
DESCRIPTOR, CLEAN, CODEBOOK, SCORE = "copy-descriptor", "copy-calm", "local-codebook", "copy-score"
"""Names of the models."""

DIM = 256
"""Length of global vectors."""

NEIGHBOURS = 4  # nearest points that may vote; the last one says how common the point is (lynkeus.matching.voting)
_CLEAN_NEIGHBOURS = 3  # nearest clean vectors whose mean similarity is the baseline; SSCD takes about as many
_ALIKE = 0.88  # similarity below which no two pictures of the tune half are nearly the same
_LEAST_SIDE = 16  # pixels of the shorter side from which a pasted picture is looked at
_FEW_VOTES, _LEAST_VOTES = 2.0, 0.3
_UNLIKE = -0.1
"""Below these votes and this similarity above the baseline no candidate of the tune half is a copy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemNames:
    """Names of what is stored.

    Attributes:
        local: Local features.
        vectors: Global vectors, that of the whole picture first.
        frames: The frame of each vector.
    """

    local: str
    vectors: str
    frames: str

    @classmethod
    def of(cls, codebook: ModelCard, descriptor: ModelCard) -> "ItemNames":
        """The names that two models give."""
        return cls(
            local=made_by("local", codebook),
            vectors=made_by("global", descriptor),
            frames=made_by("frames", descriptor),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyRecogniser:
    """Recognises copies; see ``lynkeus.kinds.protocol.Recogniser``.

    Attributes:
        cards: The models that are used, the descriptor first.
        names: Names of stored items.
        codebook: Fixed codebook of local features.
        model: Global descriptor.
        score: The fitted score.
        clean: Vectors that scores are normalised with.
        index: The layout of the references.
        same: Compares thumbnails.
        pasted: Finds pictures pasted into the upload; None: nothing is looked for.
        upload_points: Extractor for uploads.
        pasted_points: Extractor for pasted pictures that are small in the upload.
        reference_points: Extractor for references.
        check: Verification of candidates.
        voted: Candidates by votes that are verified at most, in each gallery.
        similar: Candidates by the global descriptor of the whole picture that are verified at most, in each gallery; of
            each pasted picture one is.
        small: Longest side of a pasted picture, in shares of the upload's, below which it is searched for points anew.
        second_look: Share of the least certain points that is searched under the second permutation as well.
    """

    cards: tuple[ModelCard, ...]
    names: ItemNames
    codebook: Codebook
    model: PixelModel
    score: CopyScore
    clean: CleanVectors
    index: CopyIndex
    same: SamePicture
    pasted: Callable[[UInt8[np.ndarray, "h w 3"]], Overlays] | None = None
    upload_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=1024, enlarge=2.0, max_points=1100))
    pasted_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=512, enlarge=3.0, max_points=400))
    reference_points: SiftExtractor = field(default_factory=lambda: SiftExtractor(side=640, max_points=MAX_POINTS))
    voting: Voting = field(default_factory=Voting)
    check: PictureCheck = field(default_factory=PictureCheck)
    voted: int = 3
    similar: int = 2
    small: float = 0.4
    second_look: float = 0.3

    @property
    def traits(self) -> Traits:
        """What is fixed of the recogniser."""
        digest = hashlib.sha256("\n".join([VERSION, *(f"{c.name} {c.sha256}" for c in self.cards)]).encode())
        digest.update(self.clean.vectors.tobytes())
        return Traits(
            version=VERSION,
            models=self.cards,
            scorer=digest.hexdigest(),
            keeps=(self.names.local, self.names.vectors, self.names.frames),
            additive=True,
            alike=_ALIKE,
        )

    def enrol(self, sample: Sample) -> Items:
        """Local features (at most 8 KiB) and global vector (half precision)."""
        picture = sample.picture()
        features = self.reference_points(picture.rgb, width=picture.width, height=picture.height)
        return {
            self.names.local: CompactFeatures.of(features, self.codebook).pack(),
            self.names.vectors: packed(self.describe(picture.rgb)),
        }

    def describe(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "256"]:
        """The global vector of a picture, length 1."""
        return self.model(rgb)[0][0]

    def observe(self, source: Picture) -> Observation:
        """Look at an upload."""
        features, frames, vectors = self._look(source)
        grey = cv2.cvtColor(source.rgb, cv2.COLOR_RGB2GRAY)
        return self._observation(features, frames, vectors, grey)

    def keep(self, seen: Observation) -> Items:
        """All local features, and the vector and frame of each look."""
        features = seen.upload.points.features
        return {
            self.names.local: CompactFeatures.of(features, self.codebook, most=len(features)).pack(),
            self.names.vectors: packed(np.stack([look.vector for look in seen.looks])),
            self.names.frames: np.array([look.frame for look in seen.looks], np.float32).tobytes(),
        }

    def recall(self, items: Items) -> Observation:
        """The observation that ``keep`` stored, a little coarser; what ``enrol`` stored is read as one, too."""
        features = CompactFeatures.unpack(items[self.names.local]).expand(self.codebook)
        whole = np.array([[0, 0, features.width, features.height]], np.float32)
        stored = items.get(self.names.frames)
        frames = whole if stored is None else np.frombuffer(stored, np.float32).reshape(-1, 4)
        return self._observation(features, frames, self._vectors(items), grey_of(items[THUMB]))

    def vector(self, items: Items) -> Float32[np.ndarray, "256"]:
        """The vector of the whole picture."""
        return self._vectors(items)[0]

    def again(self, items: Items, other: Items) -> bool:
        """Whether two pictures are nearly the same: by their thumbnails, else by their points."""
        if THUMB in items and THUMB in other:
            return self.same(items[THUMB], other[THUMB])
        one, reference = (CompactFeatures.unpack(each[self.names.local]) for each in (items, other))
        return self.same.by_points(one, reference)

    def normalised(self, clean: Sequence[Items]) -> Recogniser[Observation, CopyPart, CopyView]:
        """The same recogniser with more clean pictures."""
        rows = [self.vector(items) for items in clean]
        vectors = np.array(rows, np.float32).reshape(-1, DIM)
        return replace(self, clean=self.clean.joined(vectors))

    def worth_matching(self, reference: Items, clean: CopyView, best: Mapping[int, float]) -> WorthMatching:
        """Clean pictures whose best score a new reference may beat: those that it votes for or resembles."""
        return CleanPairs(self.score, self.clean).worth(
            best,
            vector=self.vector(reference),
            looks={number: self._rows(raw) for number, raw in clean.read(best, self.names.vectors).items()},
            votes=self._votes_for(self.recall(reference), clean),
        )

    def _votes_for(self, seen: Observation, view: CopyView) -> dict[int, float]:
        """Votes for each of the best references, or clean pictures, of a view."""
        found = self._vote(seen.upload.points, view, most=VOTED, neighbours=CLEAN_NEIGHBOURS)
        return {candidate.owner: candidate.votes for each in found for candidate in each}

    def locate(self, source: Picture, found: Sequence[RawFinding], view: CopyView) -> list[RawFinding | None]:
        """The findings as they are: ``match`` has placed them, and has explained rivals away."""
        del source, view
        return list(found)

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
            Look(vector, (left, top, right, bottom), self.clean.baseline(vector))
            for vector, (left, top, right, bottom) in zip(vectors, frames.tolist(), strict=True)
        ]
        upload = CheckedUpload(UploadPoints.of(features, self.codebook), GreyLevels(grey))
        return Observation(upload, tuple(looks))

    def match(self, seen: Observation, view: CopyView) -> list[RawFinding]:
        """Findings of an observed upload, best first.

        Candidates that hardly any vote names and that do not resemble the upload are scored unverified. Once one is
        beyond doubt, candidates that hardly any vote names and that resemble no pasted picture are left out: two in
        five of the tune half's candidates, and none of them a copy.
        """
        suspects = self._suspects(seen, view)
        vectors = {number: self._rows(raw)[0] for number, raw in view.read(suspects, self.names.vectors).items()}
        looks = {number: seen.most_alike(vector) for number, vector in vectors.items()}
        promising = [n for n, candidate in suspects.items() if n in looks and _promises(candidate, looks[n][1])]
        local, thumbs = view.read(promising, self.names.local), view.read(promising, THUMB)
        found: list[RawFinding] = []
        settled = False
        for number, candidate in suspects.items():
            if number not in looks:
                continue
            look, excess = looks[number]
            if settled and look is seen.looks[0] and (candidate is None or candidate.votes < _FEW_VOTES):
                continue
            reference = None
            if number in local:
                reference = StoredReference.read(local[number], thumbs.get(number), self.codebook)
            found.append(self._judge(seen, number, reference, candidate, look, excess))
            settled = settled or settles(found[-1].evidence)
        return explain_away(found)

    def _suspects(self, seen: Observation, view: CopyView) -> dict[int, Candidate | None]:
        """References to verify: first those with votes, then the most similar of the others."""
        suspects: dict[int, Candidate | None] = {}
        for candidates in self._vote(seen.upload.points, view, most=self.voted):
            suspects |= {candidate.owner: candidate for candidate in candidates}
        for gallery in view.galleries:
            for look in seen.looks:
                near = gallery.nearest(look.vector[None], self.voted + self.similar).ids[0].tolist()
                more = [number for number in near if number >= 0 and number not in suspects]
                suspects |= dict.fromkeys(more[: self.similar if look is seen.looks[0] else 1])
        return suspects

    def _vote(
        self, points: UploadPoints, view: CopyView, *, most: int, neighbours: int = NEIGHBOURS
    ) -> list[list[Candidate]]:
        """The candidates of each gallery, so many at most."""
        features = points.features
        if len(features) < self.check.verification.least or not len(view):
            return []
        order = points.order
        again = np.flatnonzero(points.lead <= np.quantile(points.lead, self.second_look))
        rows = np.concatenate([np.arange(len(features)), again])
        permutation = np.concatenate([order[:, 0], order[again, 1]])
        queries = points.projected[permutation, rows]
        lists = view.lists(queries)

        def voted(gallery: GalleryView) -> list[Candidate]:
            ids, distance = gallery.nearest_points(queries, neighbours, lists=lists)
            return self.voting(
                features.points[rows],
                features.scale[rows],
                features.angle[rows],
                permutation,
                ids,
                distance,
                longest=max(features.width, features.height),
                most=most,
            )

        return [voted(gallery) for gallery in view.galleries]

    def _judge(
        self,
        seen: Observation,
        number: int,
        reference: StoredReference | None,
        candidate: Candidate | None,
        look: Look,
        excess: float,
    ) -> RawFinding:
        """Verify one candidate and score it.

        Args:
            seen: The upload.
            number: Id of the candidate.
            reference: Its stored items; None: it is not worth verifying.
            candidate: Its votes; None: it got none.
            look: The look that it resembles most.
            excess: By how much its similarity to the look exceeds the baseline.
        """
        checked = self.check(seen.upload, reference, look.frame, candidate) if reference else CheckResult(None, None)
        signals = signals_of(checked, cosine=excess, votes=candidate.votes if candidate else 0.0)
        none = np.zeros((0, 2))
        region, reference_region = _outlines(seen, reference, checked.verified) if reference else (none, none)
        score, evidence = self.score(signals), checked.evidence(excess + look.baseline)
        return RawFinding(
            reference_id=number,
            score=score,
            belief=belief_in(score, evidence),
            evidence=evidence,
            region=region,
            reference_region=reference_region,
            figures=asdict(signals),
        )

    def _vectors(self, items: Items) -> Float32[np.ndarray, "n 256"]:
        return self._rows(items[self.names.vectors])

    @staticmethod
    def _rows(raw: bytes) -> Float32[np.ndarray, "n 256"]:
        return unpacked(raw).reshape(-1, DIM)


def load(models: Callable[[str], ModelCard]) -> CopyRecogniser:
    """The recogniser with the models in use.

    Args:
        models: Gives the card of the model that is in use under a name.

    Raises:
        CorruptError: A model is damaged.
    """
    descriptor, book, score = models(DESCRIPTOR), models(CODEBOOK), models(SCORE)
    clean, overlays = models(CLEAN), models(OVERLAYS)
    codebook = Codebook.load(book.path)
    names = ItemNames.of(book, descriptor)
    return CopyRecogniser(
        cards=(descriptor, clean, book, score, overlays),
        names=names,
        codebook=codebook,
        model=PixelModel(descriptor.path),
        score=CopyScore.load(score.path),
        clean=CleanVectors.load(clean.path, _CLEAN_NEIGHBOURS),
        index=CopyIndex(
            name=f"points-1-{book.maker}-{descriptor.maker}",
            local=names.local,
            vector=names.vectors,
            codebook=codebook,
            dim=DIM,
        ),
        same=SamePicture(codebook=codebook),
        pasted=OverlayFinder.load(overlays),
    )


def _promises(candidate: Candidate | None, excess: float) -> bool:
    """Whether a candidate is worth verifying."""
    return excess >= LEAST_LIKE if candidate is None else candidate.votes >= _LEAST_VOTES or excess >= _UNLIKE


def _outlines(
    seen: Observation, reference: StoredReference, verified: Verified | None
) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, "m 2"]]:
    if verified is None:
        return np.zeros((0, 2)), np.zeros((0, 2))
    shown, features = reference.features, seen.upload.points.features
    return outlines(verified.transform, (shown.width, shown.height), (features.width, features.height))
