"""Times a net's prototxt in PyTorch: torch_net.py NET ITERATIONS THREADS PB2_DIR CLOCK. Prints one line of JSON.

CLOCK is wall, or cpu: time of the processor, which other programs on the machine disturb less (one thread only).

The net starts with a DummyData layer whose tops are the data and the label. A Scale layer after a
BatchNorm is the affine part of PyTorch's BatchNorm2d.
"""

import json
import os
import resource
import sys
import time

path, iterations, threads, pb2 = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
now = time.process_time if sys.argv[5:] == ["cpu"] else time.perf_counter
sys.path.insert(0, pb2)
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

import torch
from torch import nn
from google.protobuf import text_format
import caffe_pb2

torch.set_num_threads(threads)
with open(path) as file:
    param = text_format.Parse(file.read(), caffe_pb2.NetParameter())


def extent(values, height, width, default):
    if height or width:
        return (height, width)
    values = list(values) or [default]
    return (values[0], values[-1])


def module_of(layer, bottom):
    """The PyTorch module of a layer with weights or settings, None for one without."""
    kind = layer.type
    if kind == "Convolution":
        p = layer.convolution_param
        return nn.Conv2d(
            bottom.shape[1], p.num_output,
            extent(p.kernel_size, p.kernel_h, p.kernel_w, 1),
            extent(p.stride, p.stride_h, p.stride_w, 1),
            extent(p.pad, p.pad_h, p.pad_w, 0),
            extent(p.dilation, 0, 0, 1), p.group, p.bias_term)
    if kind == "InnerProduct":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(bottom[0].numel(), layer.inner_product_param.num_output))
    if kind == "Pooling":
        p = layer.pooling_param
        if p.global_pooling:
            return nn.AdaptiveAvgPool2d(1)
        pool = nn.MaxPool2d if p.pool == p.MAX else nn.AvgPool2d
        return pool(p.kernel_size, p.stride, p.pad, ceil_mode=True)
    if kind == "ReLU":
        return nn.ReLU(inplace=True)
    if kind == "LRN":
        p = layer.lrn_param
        return nn.LocalResponseNorm(p.local_size, p.alpha, p.beta)
    if kind == "Dropout":
        return nn.Dropout(layer.dropout_param.dropout_ratio)
    if kind == "BatchNorm":
        return nn.BatchNorm2d(bottom.shape[1])
    if kind in ("Scale", "Eltwise", "Concat", "SoftmaxWithLoss"):
        return None
    sys.exit("no PyTorch twin for " + kind)


def apply(layer, module, bottoms):
    if module is not None:
        return module(bottoms[0])
    if layer.type == "Scale":
        return bottoms[0]
    if layer.type == "Eltwise":
        return sum(bottoms[1:], bottoms[0])
    if layer.type == "Concat":
        return torch.cat(bottoms, 1)
    return nn.functional.cross_entropy(bottoms[0].flatten(1), bottoms[1])


source, layers = param.layer[0], param.layer[1:]
shapes = [list(s.dim) for s in source.dummy_data_param.shape]
inputs = {
    source.top[0]: torch.randn(shapes[0]),
    source.top[1]: torch.full(shapes[1][:1], 3, dtype=torch.long),
}
modules = nn.ModuleList()
plan = []


def forward():
    blobs = dict(inputs)
    for layer, module in plan:
        blobs[layer.top[0]] = apply(layer, module, [blobs[b] for b in layer.bottom])
    return blobs[layers[-1].top[0]]


blobs = dict(inputs)
with torch.no_grad():
    for layer in layers:
        bottoms = [blobs[b] for b in layer.bottom]
        module = module_of(layer, bottoms[0])
        if module is not None:
            modules.append(module)
        plan.append((layer, module))
        blobs[layer.top[0]] = apply(layer, module, bottoms)

optimizer = torch.optim.SGD(modules.parameters(), lr=1e-5, momentum=0.9, weight_decay=5e-4)


def forward_backward():
    modules.zero_grad(set_to_none=False)
    forward().backward()


def step():
    forward_backward()
    optimizer.step()


def times(task):
    taken = []
    for i in range(3 + iterations):
        begin = now()
        task()
        if i >= 3:
            taken.append((now() - begin) * 1e3)
    return taken


modules.train()
result = {"forwardBackward": times(forward_backward), "step": times(step)}
result["memoryMiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
modules.eval()
with torch.inference_mode():
    result["forward"] = times(forward)
print(json.dumps(result))
