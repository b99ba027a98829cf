"""Cluster centres of the descriptors of unrelated pictures; similarity to the centres normalises scores.

Source: score normalisation of SSCD (Pizzi et al. 2022), with centres instead of single pictures, so that we ship no
descriptor of a picture.
Expected: recall at 90 % precision on the tune half from .948 to .960 (one run).
Cost: 2 min, 1 CPU core, 1 GiB.
Run: ``python -m lynkeus.recipes.copies.centres DATA LISTS OUT.npy``
"""

import sys
from pathlib import Path

import faiss
import numpy as np
from jaxtyping import Float16

from lynkeus.core import UnreadableError, read_picture
from lynkeus.recipes.copies.codebook import training_pictures
from lynkeus.recipes.held_out import barred_by_lists
from lynkeus.runtime.cards import card
from lynkeus.runtime.sessions import PixelModel

CENTRES = 768  # as in the shipped file
PICTURES_PER_FOLDER = 700  # as for the shipped file


def train(pictures: list[Path], *, centres: int = CENTRES) -> Float16[np.ndarray, "centres 256"]:
    """Cluster the descriptors of pictures. The centres have length 1; unreadable pictures are left out."""
    describe = PixelModel(card("copy-descriptor").path)
    vectors: list[np.ndarray] = []
    for path in pictures:
        try:
            vectors.append(describe(read_picture(path, max_side=384).rgb)[0][0])
        except UnreadableError:
            continue
    clusters = faiss.Kmeans(len(vectors[0]), centres, niter=20, seed=0, spherical=True, min_points_per_centroid=1)
    clusters.train(np.stack(vectors))
    return np.asarray(clusters.centroids).astype(np.float16)


if __name__ == "__main__":
    source, lists_folder, out = (Path(word) for word in sys.argv[1:4])
    barred = barred_by_lists(lists_folder)
    np.save(out, train(training_pictures(source, barred, most=PICTURES_PER_FOLDER, seed=0)))
