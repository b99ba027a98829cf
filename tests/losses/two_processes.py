"""One of several processes with a share of each batch: python two_processes.py RANK WORLD STORE OUT."""

import json
import sys
from pathlib import Path

import torch
from torch import distributed

from lynkeus.losses.curricular import Curriculum
from lynkeus.losses.eql_v2 import EqlV2


def main(rank: int, world: int, store: str, out: Path) -> None:
    """Take two steps and write the counts of the losses."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=world)
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 8, 4, dtype=torch.float64, generator=generator)
    label = torch.tensor([[0, 3, 1, 3, 2, 2, 3, 0], [3, 3, 0, 1, 3, 1, 1, 3]])
    eql, curriculum = EqlV2(classes=3).double(), Curriculum().double()
    for step in range(2):
        mine = slice(rank * 8 // world, (rank + 1) * 8 // world)
        eql(logits[step][mine], label[step][mine])
        curriculum(logits[step][mine].tanh(), label[step][mine])
    out.write_text(json.dumps({"ratio": eql.ratio.tolist(), "t": curriculum.t.item()}))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
