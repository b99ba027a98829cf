"""Write the table of docs/howto/train.md from the committed results: ``python -m benchmarks.training.tables``."""

from typing import Any

from benchmarks.harness.results import results_file
from benchmarks.harness.tables import Table, grid, lines, write


def training(results: dict[str, Any]) -> str:
    """The loop beside a bare one, and the cores that a real training keeps busy."""
    about, loop, loader = results["about"], results["loop"], results["loader"]
    low, high = loop["quartiles"]
    cores = loader["trainer_cores"] + loader["loader_cores"]
    rows = [
        ("pictures a second of our loop over those of a bare PyTorch loop", "at least 0.95", f"{loop['ratio']:.3f}"),
        ("the same, quartiles over the rounds", "", f"{low:.3f} to {high:.3f}"),
        ("cores kept busy by trainer and loader, `copies_free`", f"of {about['cores']}", f"{cores:.2f}"),
    ]
    heading = f"Version {about['version']}, {about['date']}, {loop['rounds']} rounds of {loop['steps']} steps."
    return lines(heading, "", *grid("what | wanted | measured", rows))


TABLES = (
    Table(
        name="training",
        pages=("docs/howto/train.md",),
        results=results_file("training", "training.json"),
        made=training,
    ),
)

if __name__ == "__main__":
    write(TABLES)
