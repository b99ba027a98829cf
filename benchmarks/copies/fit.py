"""Fit the score of copies on the tune half: logistic regression over the signals of all verified candidates.

``python -m benchmarks.copies.fit --work DIR``, after ``python -m benchmarks.copies --half tune --work DIR``.
Writes the weights into the package and their digest into the card.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.copies.candidates import Candidate, collect, open_gallery
from lynkeus.recognisers.copy_score import Signals
from lynkeus.runtime.cards import MODELS, card
from lynkeus.scan.home import Home

PENALTY = 3e-4


def fit(rows: list[Candidate], *, penalty: float = PENALTY) -> tuple[list[float], float]:
    """Weights and bias that make the candidates' truth most likely; ``penalty`` is on weights of unit variance."""
    numbers = np.array([Signals(**row.figures).numbers() for row in rows])
    sign = np.where([row.true for row in rows], 1.0, -1.0)
    mean, spread = numbers.mean(0), numbers.std(0) + 1e-6
    scaled = (numbers - mean) / spread

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (scaled @ p[:-1] + p[-1])
        push = -sign / (1 + np.exp(np.clip(margin, -500, 500))) / len(sign)
        value = float(np.logaddexp(0, -margin).mean() + penalty * (p[:-1] ** 2).sum())
        return value, np.append(scaled.T @ push + 2 * penalty * p[:-1], push.sum())

    found = minimize(loss, np.zeros(numbers.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    weights = found[:-1] / spread
    return [float(w) for w in weights], float(found[-1] - weights @ mean)


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
    weights, bias = fit(rows)
    described = card("copy-score")
    described.path.write_text(json.dumps({"weights": weights, "bias": bias}) + "\n")
    file = MODELS / "copy_score.json"
    changed = json.loads(file.read_text()) | {"sha256": hashlib.sha256(described.path.read_bytes()).hexdigest()}
    file.write_text(json.dumps(changed, indent=1) + "\n")
    print(f"fitted to {len(rows)} candidates, {sum(row.true for row in rows)} of them copies")


if __name__ == "__main__":
    main()
