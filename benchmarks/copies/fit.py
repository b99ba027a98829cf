"""Fit the score of copies on the tune half: a small network over the signals of all verified candidates.

``python -m benchmarks.copies.fit --work DIR``, after ``python -m benchmarks.copies --half tune --work DIR``.
Writes the weights into the package and their digest into the card.
"""

import argparse
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.copies.candidates import Candidate, collect, open_gallery
from lynkeus.kinds.copies.score import CopyScore, Signals
from lynkeus.runtime.cards import MODELS, card
from lynkeus.scan.home import Home

PENALTY = 3e-5
HIDDEN = 16
SEEDS = 2
FREE = (5, 7, 8, 14)
"""Places in ``Signals.numbers()`` that may weigh either way: overlap, both counts of blocks, whether points match."""


def fit(rows: list[Candidate], *, penalty: float = PENALTY, hidden: int = HIDDEN, seeds: int = SEEDS) -> CopyScore:
    """The score that makes the candidates' truth most likely and that more evidence never lowers.

    Args:
        rows: Verified candidates.
        penalty: On the squares of the weights of numbers of unit variance, but for biases.
        hidden: Hidden units of each start.
        seeds: Starts, whose scores are averaged: the hidden units of all stand side by side.
    """
    numbers = np.array([signals_of(row.figures).numbers() for row in rows])
    true = torch.tensor([float(row.true) for row in rows], dtype=torch.float64)
    mean, spread = numbers.mean(0), numbers.std(0) + 1e-6
    scaled = torch.from_numpy((numbers - mean) / spread)
    parts = [_fit_once(scaled, true, penalty=penalty, hidden=hidden, seed=seed) for seed in range(seeds)]
    inner, shift, outer, direct, bias = ([part[place].numpy() for part in parts] for place in range(5))
    wide = np.concatenate(inner) / spread
    straight = np.mean(direct, axis=0) / spread
    return CopyScore(
        inner=wide,
        shift=np.concatenate(shift) - wide @ mean,
        outer=np.concatenate(outer) / seeds,
        direct=straight,
        bias=float(np.mean(bias) - straight @ mean),
    )


def signals_of(figures: Mapping[str, float]) -> Signals:
    """What was seen of a candidate, from the figures of its finding."""
    return replace(Signals(), **figures)


def _fit_once(scaled: Tensor, true: Tensor, *, penalty: float, hidden: int, seed: int) -> list[Tensor]:
    rng = torch.Generator().manual_seed(seed)
    size = scaled.shape[1]
    rising = torch.ones(size, dtype=torch.bool)
    rising[list(FREE)] = False
    start = (
        0.3 * torch.randn(hidden, size, generator=rng, dtype=torch.float64),
        torch.randn(hidden, generator=rng, dtype=torch.float64),
        0.3 * torch.randn(hidden, generator=rng, dtype=torch.float64),
        torch.full((size,), 0.05, dtype=torch.float64),
        torch.zeros(1, dtype=torch.float64),
    )
    weights = [part.requires_grad_() for part in start]
    descent = torch.optim.LBFGS(weights, max_iter=600, line_search_fn="strong_wolfe")

    def parts() -> list[Tensor]:
        inner, shift, outer, direct, bias = weights
        return [
            torch.where(rising, inner.abs(), inner),
            shift,
            outer.abs(),
            torch.where(rising, direct.abs(), direct),
            bias,
        ]

    def loss() -> Tensor:
        descent.zero_grad()
        inner, shift, outer, direct, bias = parts()
        odds = torch.tanh(scaled @ inner.T + shift) @ outer + scaled @ direct + bias
        value = functional.binary_cross_entropy_with_logits(odds, true)
        value = value + penalty * (inner.square().sum() + outer.square().sum() + direct.square().sum())
        value.backward()
        return value

    descent.step(loss)
    return [part.detach() for part in parts()]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="use each so many-th query only")
    options = parser.parse_args()
    rows: list[Candidate] = []
    with Home(options.work / "home-tune") as home:
        for suite in ("listed", "further"):
            bench = options.work / f"tune_{suite}"
            for _, found in collect(home, bench, open_gallery(home, bench), every=options.every):
                rows += found
    described = card("copy-score")
    described.path.write_text(fit(rows).dumps())
    file = MODELS / "copy_score.json"
    changed = json.loads(file.read_text()) | {"sha256": hashlib.sha256(described.path.read_bytes()).hexdigest()}
    file.write_text(json.dumps(changed, indent=1) + "\n")
    print(f"fitted to {len(rows)} candidates, {sum(row.true for row in rows)} of them copies")


if __name__ == "__main__":
    main()
