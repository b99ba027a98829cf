"""Cluster centres of the object vectors of unrelated pictures; similarity to the centres normalises scores.

Source: as ``lynkeus.recipes.copies.centres``, with the vectors of the recogniser of objects.
Expected: on the train pictures of ``wsol``, 5 references an entity: identified at 1 false alarm in 100, from .797 to
.850 with the first descriptor (8 draws; .846 with single pictures instead of centres).
Cost: 1 min, 1 CPU core, 1 GiB.
Run: ``python -m lynkeus.recipes.objects.centres DATA SPLIT OUT``, where SPLIT is a csv file with the columns path,
source and half
"""

import csv
import hashlib
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import faiss
import numpy as np
from jaxtyping import Float16

from lynkeus.core import UnreadableError, read_picture
from lynkeus.kinds.objects.embedder import DESCRIPTOR, ObjectEmbedder
from lynkeus.kinds.objects.recogniser import CLEAN
from lynkeus.runtime.cards import card

CENTRES = 128  # as in the shipped file
FILE = "object_calm"
HALF = "tune"  # the half of the split whose pictures may train
_FREE = frozenset({"clothing_cc0", "wallpapers_debian"})


def train(
    pictures: list[Path], embedder: ObjectEmbedder, *, centres: int = CENTRES
) -> Float16[np.ndarray, "centres d"]:
    """Cluster the vectors of pictures. The centres have length 1; unreadable pictures are left out."""
    vectors: list[np.ndarray] = []
    for path in pictures:
        try:
            vectors.append(embedder.describe(read_picture(path, max_side=1024).rgb))
        except UnreadableError:
            continue
    clusters = faiss.Kmeans(vectors[0].shape[0], centres, niter=20, seed=0, spherical=True, min_points_per_centroid=1)
    clusters.train(np.stack(vectors))
    return np.asarray(clusters.centroids).astype(np.float16)


def publish(data: Path, split: Path, out: Path) -> None:
    """Write the centres and their card into a folder."""
    with split.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["half"] == HALF]
    model = out / f"{FILE}.npy"
    embedder = ObjectEmbedder(card(DESCRIPTOR))
    np.save(model, train([data / row["path"] for row in rows], embedder))
    counts = Counter(row["source"] for row in rows)
    data_used = [
        {"folder": f"copydet/{name}", "terms": "free" if name in _FREE else "research", "pictures": count}
        for name, count in sorted(counts.items())
    ]
    fields = {
        "name": CLEAN,
        "file": model.name,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "version": embedder.card.version,
        "licence": "Apache-2.0",
        "terms": "research",
        "training_data": data_used,
        "output": f"{CENTRES} cluster centres of object vectors of unrelated pictures",
        "recipe": "lynkeus.recipes.objects.centres",
        "trained": datetime.now(UTC).date().isoformat(),
    }
    (out / f"{FILE}.json").write_text(json.dumps(fields, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    publish(*(Path(word) for word in sys.argv[1:4]))
