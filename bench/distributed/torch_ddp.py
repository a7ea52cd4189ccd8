"""Trains a net's prototxt by PyTorch's DistributedDataParallel with gloo, as one of the ranks that mpirun starts:
mpirun -np N python3 torch_ddp.py NET ITERATIONS THREADS PB2_DIR MEETING. Rank 0 prints the median milliseconds of a step.

MEETING is a file that is not there yet, by which the ranks find one another. Statistics of BatchNorm are each rank's own,
as ours are.
"""

import os
import statistics
import sys

meeting = os.path.abspath(sys.argv.pop())
rank, count = int(os.environ["OMPI_COMM_WORLD_RANK"]), int(os.environ["OMPI_COMM_WORLD_SIZE"])

import torch
from torch import distributed, nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import torch_net


class Trained(nn.Module):
    def __init__(self):
        super().__init__()
        self.learned = torch_net.learned

    def forward(self):
        return torch_net.forward(torch_net.caffe_pb2.TRAIN)


distributed.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=count)
model = nn.parallel.DistributedDataParallel(
    Trained(), broadcast_buffers=False, gradient_as_bucket_view=True)
model.train()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9, weight_decay=5e-4)


def step():
    optimizer.zero_grad(set_to_none=False)
    model().backward()
    optimizer.step()


taken = torch_net.times(step)
if rank == 0:
    print(statistics.median(taken))
distributed.destroy_process_group()
