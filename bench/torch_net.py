"""Times a net's prototxt in PyTorch: torch_net.py NET ITERATIONS THREADS PB2_DIR CLOCK [FORM…]. Prints one line of JSON.

CLOCK is wall, or cpu: time of the processor, which other programs on the machine disturb less (one thread only).
FORM is any of bf16, for passes under autocast to bfloat16, channels_last, for data and weights in that layout, and compile, for
passes by torch.compile (PyTorch 2, and a C++ compiler).

The net starts with DummyData and Input layers. A Scale layer after a BatchNorm is the affine part of PyTorch's
BatchNorm2d. The layers of detectors are in torch_detection.py. A net without a loss runs forward only.
"""

import json
import os
import resource
import sys
import time

path, iterations, threads, pb2 = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
now = time.process_time if sys.argv[5:6] == ["cpu"] else time.perf_counter
forms = sys.argv[6:]
sys.path.insert(0, pb2)
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

import torch
from torch import nn
from google.protobuf import text_format
import caffe_pb2

torch.set_num_threads(threads)
torch.manual_seed(1)
with open(path) as file:
    param = text_format.Parse(file.read(), caffe_pb2.NetParameter())


def extent(values, height, width, default):
    if height or width:
        return (height, width)
    values = list(values) or [default]
    return (values[0], values[-1])


def filled(module, filler):
    """Weights as the prototxt fills them, where that is not as PyTorch does: activations of deep nets stay in range."""
    if filler.type == "gaussian":
        nn.init.normal_(module.weight, std=filler.std)
    elif filler.type == "msra":
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return module


def module_of(layer, bottoms):
    """What a layer does, a PyTorch module where it has weights or settings; None where it needs neither."""
    kind, bottom = layer.type, bottoms[0]
    if kind == "Convolution":
        p = layer.convolution_param
        return filled(nn.Conv2d(
            bottom.shape[1], p.num_output,
            extent(p.kernel_size, p.kernel_h, p.kernel_w, 1),
            extent(p.stride, p.stride_h, p.stride_w, 1),
            extent(p.pad, p.pad_h, p.pad_w, 0),
            extent(p.dilation, 0, 0, 1), p.group, p.bias_term), p.weight_filler)
    if kind == "InnerProduct":
        p = layer.inner_product_param
        return nn.Sequential(
            nn.Flatten(), filled(nn.Linear(bottom[0].numel(), p.num_output), p.weight_filler))
    if kind == "Pooling":
        p = layer.pooling_param
        if p.global_pooling:
            return nn.AdaptiveAvgPool2d(1)
        pool = nn.MaxPool2d if p.pool == p.MAX else nn.AvgPool2d
        return pool(p.kernel_size, p.stride, p.pad, ceil_mode=True)
    if kind == "ReLU":
        return nn.ReLU(inplace=True)
    if kind == "ReLU6":
        return nn.ReLU6(inplace=True)
    if kind == "LRN":
        p = layer.lrn_param
        return nn.LocalResponseNorm(p.local_size, p.alpha, p.beta)
    if kind == "Dropout":
        return nn.Dropout(layer.dropout_param.dropout_ratio)
    if kind == "BatchNorm":
        return nn.BatchNorm2d(bottom.shape[1])
    if kind == "Softmax":
        return nn.Softmax(layer.softmax_param.axis)
    if kind == "MultiBoxLoss":
        return torch_detection.MultiBoxLoss(layer)
    if kind == "DetectionOutput":
        return torch_detection.DetectionOutput(layer)
    if kind == "Python" and layer.python_param.layer == "ProposalLayer":
        return torch_detection.Proposals(bottom.shape)
    if kind in ("Scale", "Eltwise", "Concat", "Permute", "Flatten", "Reshape", "PriorBox", "ROIPooling",
                "SoftmaxWithLoss"):
        return None
    sys.exit("no PyTorch twin for " + kind)


def apply(layer, module, bottoms):
    if module is not None:
        own = 1 if isinstance(module, nn.Module) else len(bottoms)
        return module(*bottoms[:own])
    if layer.type == "Scale":
        return bottoms[0]
    if layer.type == "Eltwise":
        return sum(bottoms[1:], bottoms[0])
    if layer.type == "Concat":
        # Priors are rows of boxes.
        return torch.cat(bottoms, 0 if layer.concat_param.axis == 2 else 1)
    if layer.type == "Permute":
        return bottoms[0].permute(*layer.permute_param.order)
    if layer.type == "Flatten":
        return bottoms[0].flatten(layer.flatten_param.axis)
    if layer.type == "Reshape":
        dims = layer.reshape_param.shape.dim
        return bottoms[0].reshape([bottoms[0].shape[i] if dim == 0 else dim for i, dim in enumerate(dims)])
    if layer.type == "ROIPooling":
        return torch_detection.regions(layer, *bottoms)
    return nn.functional.cross_entropy(bottoms[0].flatten(1), bottoms[1])


def source(layer):
    """The tops of a DummyData or an Input layer."""
    if layer.type == "DummyData":
        p = layer.dummy_data_param
        shapes = [list(shape.dim) for shape in p.shape]
        data = torch.randn(shapes[0]) * (p.data_filler[0].std if p.data_filler else 1)
        return [data, *(torch.full(shape[:1], 3, dtype=torch.long) for shape in shapes[1:])]
    if layer.name == "im_info":
        return [torch.tensor([[600.0, 800.0, 1.0]])]
    return [torch_detection.objects(layer.input_param.shape[0].dim)]


SOURCES, LOSSES = ("DummyData", "Input"), ("SoftmaxWithLoss", "MultiBoxLoss")
if any(layer.type in ("Input", "PriorBox") for layer in param.layer):
    import torch_detection

inputs, modules, plans = {}, {}, {}
for phase in (caffe_pb2.TRAIN, caffe_pb2.TEST):
    plan = plans[phase] = []
    with torch.no_grad():
        for layer in param.layer:
            if layer.include and layer.include[0].phase != phase:
                continue
            if layer.type in SOURCES:
                if layer.top[0] not in inputs:
                    inputs.update(zip(layer.top, source(layer)))
                continue
            if layer.type == "PriorBox":
                # Made once, as long as shapes stay.
                inputs[layer.top[0]] = torch_detection.priors(layer, *(blobs[b] for b in layer.bottom))
                blobs.update(inputs)
                continue
            if not plan:
                blobs = dict(inputs)
            bottoms = [blobs[b] for b in layer.bottom]
            if layer.name not in modules:
                modules[layer.name] = module_of(layer, bottoms)
            plan.append((layer, modules[layer.name]))
            blobs[layer.top[0]] = apply(layer, modules[layer.name], bottoms)

learned = nn.ModuleList(module for module in modules.values() if isinstance(module, nn.Module))
if "channels_last" in forms:
    learned.to(memory_format=torch.channels_last)
    inputs = {name: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value
              for name, value in inputs.items()}


def forward(phase):
    blobs = dict(inputs)
    with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in forms):
        for layer, module in plans[phase]:
            blobs[layer.top[0]] = apply(layer, module, [blobs[b] for b in layer.bottom])
    return blobs[layer.top[0]]


if "compile" in forms:
    forward = torch.compile(forward)


def forward_backward():
    learned.zero_grad(set_to_none=False)
    forward(caffe_pb2.TRAIN).backward()


def times(task):
    taken = []
    for i in range(3 + iterations):
        begin = now()
        task()
        if i >= 3:
            taken.append((now() - begin) * 1e3)
    return taken


if __name__ == "__main__":
    result = {}
    if any(layer.type in LOSSES for layer in param.layer):
        optimizer = torch.optim.SGD(learned.parameters(), lr=1e-5, momentum=0.9, weight_decay=5e-4)

        def step():
            forward_backward()
            optimizer.step()

        learned.train()
        result.update(forwardBackward=times(forward_backward), step=times(step))
    result["memoryMiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    learned.eval()
    with torch.inference_mode():
        result["forward"] = times(lambda: forward(caffe_pb2.TEST))
    print(json.dumps(result))
