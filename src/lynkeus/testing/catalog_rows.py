"""Made rows for tests of a catalog, each told apart by its name.

References and findings go into a gallery that the test has made; a finding's is called ``brands``.
"""

import hashlib

from lynkeus.catalog import NewBackground, NewFinding, NewReference, NewUpload
from lynkeus.core import Action, Verdict


def digest_of(text: str) -> str:
    """A digest as of a file with this content."""
    return hashlib.sha256(text.encode()).hexdigest()


def new_reference(name: str, *, entity: str | None = None) -> NewReference:
    """A reference with two blobs, ``local of NAME`` and ``global of NAME``."""
    return NewReference(
        entity=name if entity is None else entity,
        name=f"{name}.jpg",
        source=f"/pictures/{name}.jpg",
        digest=digest_of(name),
        width=640,
        height=480,
        model_version="m1",
        blobs={"local": f"local of {name}".encode(), "global": f"global of {name}".encode()},
    )


def new_background(name: str) -> NewBackground:
    """A background picture with one blob, ``global of NAME``."""
    return NewBackground(name=name, digest=digest_of(name), blobs={"global": f"global of {name}".encode()})


def new_upload(path: str, *findings: NewFinding) -> NewUpload:
    """An upload for review if it has findings, else clear."""
    verdict = Verdict.REVIEW if findings else Verdict.CLEAR
    return NewUpload(path=path, verdict=verdict, digest=digest_of(path), width=10, height=20, findings=findings)


def new_finding(reference_id: int, score: float = 0.5, *, suppressed_by: int | None = None) -> NewFinding:
    """A finding for review with a rate, places and evidence."""
    return NewFinding(
        gallery="brands",
        reference_id=reference_id,
        score=score,
        rate=1e-4,
        rate_upper=3e-4,
        action=Action.REVIEW,
        region=f"[[0,0],[{reference_id},1]]",
        reference_region=f"[[1,1],[{reference_id},2]]",
        evidence=f"evidence for {reference_id}".encode(),
        suppressed_by=suppressed_by,
    )
