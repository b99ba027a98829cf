"""Evaluation of an overlay detector on scenes made of held-out pictures: does the detector box the pasted pictures?"""

import numpy as np
from jaxtyping import Float32, Float64

from lynkeus.data.scene_batches import squashed
from lynkeus.data.scenes import Scene, SceneMaker
from lynkeus.kinds.copies.overlays import overlap
from lynkeus.models.detectors.overlay import OverlayDetector
from lynkeus.models.export import run_torch
from lynkeus.report.laboratory.evaluation import Evaluation, HeatMap

_SCENES, _SHEETS = 120, 12  # scenes of an evaluation, and scenes on the sheet
_IOU, _SURE = 0.5, 0.3  # overlap of a correct box, and confidence at which a clean scene counts as having a box


def evaluate_overlays(model: OverlayDetector, make: SceneMaker, *, side: int, seed: int) -> Evaluation:
    """Share of scenes whose paste has a box among the most certain boxes, and share of clean scenes that have a box.

    Args:
        model: A trained model.
        make: Makes scenes of held-out pictures.
        side: Side of the squashed scenes, pixels.
        seed: Seed of the scenes.
    """
    scenes = [make(np.random.default_rng((seed, 2**32, number))) for number in range(_SCENES)]
    found = run_torch(model, np.stack([squashed(scene.image, side) for scene in scenes]))
    pasted = [place for place, scene in enumerate(scenes) if len(scene.boxes)]
    clean = [place for place, scene in enumerate(scenes) if not len(scene.boxes)]
    hit = [_best(found[place], _shares(scenes[place])) >= _IOU for place in pasted]
    sure = [bool(found[place, :, 4].max() >= _SURE) for place in clean]
    return Evaluation(
        figures={
            "pastes boxed": float(np.mean(hit)) if hit else float("nan"),
            "clean scenes with a box": float(np.mean(sure)) if sure else float("nan"),
            "scenes": float(len(scenes)),
        },
        heat_maps=tuple(_sheet(scenes[place], found[place]) for place in pasted[:_SHEETS]),
    )


def _best(cells: Float32[np.ndarray, "c 5"], truth: Float64[np.ndarray, "k 4"]) -> float:
    """Best overlap of a paste with one of the most certain boxes; as many boxes count as there are pastes."""
    surest = cells[np.argsort(-cells[:, 4], kind="stable")[: len(truth)], :4]
    return max(float(overlap(one.astype(np.float32), surest).max()) for one in truth)


def _shares(scene: Scene) -> Float64[np.ndarray, "k 4"]:
    height, width = scene.image.shape[:2]
    return scene.boxes / np.array([width, height, width, height], np.float64)


def _sheet(scene: Scene, cells: Float32[np.ndarray, "c 5"]) -> HeatMap:
    rows = round(len(cells) ** 0.5)
    left, top, right, bottom = np.clip(cells[cells[:, 4].argmax(), :4], 0, 1).tolist()
    hit = _best(cells, _shares(scene)) >= _IOU
    truth = [(one[0], one[1], one[2], one[3]) for one in np.clip(_shares(scene), 0, 1).tolist()]
    return HeatMap(
        picture=scene.image,
        heat=cells[:, 4].reshape(rows, rows).astype(np.float32),
        label="pasted",
        predicted="pasted" if hit else "elsewhere",
        box=(left, top, right, bottom),
        truth=tuple(truth),
    )
