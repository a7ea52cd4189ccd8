"""Times nets in PyTorch on CUDA: asked on standard input with lines of JSON, a net as caffe-ts read it, a batch, milliseconds.

Answers each with a line: a list of modes with milliseconds of a training step and of a forward pass. Its first line says what
it is, or what is missing. Nets are of classifiers: data from DummyData, one loss.
"""

import json
import sys
import time


def say(answer):
    print(json.dumps(answer), flush=True)


try:
    import torch
    from torch import nn
except ImportError as error:
    say({"missing": "python3 has no PyTorch: %s" % error})
    sys.exit(0)
if not torch.cuda.is_available():
    say({"missing": "PyTorch %s finds no CUDA here" % torch.__version__})
    sys.exit(0)

SOURCES = ("DummyData", "Input")
# Name, memory format, whether products may round to TF32, whether they are of halves.
MODES = [
    ("eager, float32", torch.contiguous_format, False, False),
    ("eager, TF32", torch.contiguous_format, True, False),
    ("channels_last, TF32", torch.channels_last, True, False),
    ("channels_last, AMP", torch.channels_last, True, True),
]


def extent(p, name, default):
    """A size along both axes, of a field that may be repeated, or split into height and width."""
    short = {"kernel_size": "kernel"}.get(name, name)
    if short + "_h" in p or short + "_w" in p:
        return (p.get(short + "_h", default), p.get(short + "_w", default))
    given = p.get(name, default)
    values = given if isinstance(given, list) else [given]
    values = values or [default]
    return (values[0], values[-1])


def module_of(layer, bottom):
    """What has weights or settings; None where a layer has neither."""
    kind = layer["type"]
    if kind == "Convolution":
        p = layer["convolution_param"]
        return nn.Conv2d(
            bottom.shape[1], p["num_output"], extent(p, "kernel_size", 1), extent(p, "stride", 1), extent(p, "pad", 0),
            extent(p, "dilation", 1), p.get("group", 1), p.get("bias_term", True))
    if kind == "InnerProduct":
        return nn.Sequential(nn.Flatten(), nn.Linear(bottom[0].numel(), layer["inner_product_param"]["num_output"]))
    if kind == "Pooling":
        p = layer.get("pooling_param", {})
        if p.get("global_pooling"):
            return nn.AdaptiveAvgPool2d(1)
        pool = nn.AvgPool2d if p.get("pool") == "AVE" else nn.MaxPool2d
        return pool(p["kernel_size"], p.get("stride", 1), p.get("pad", 0), ceil_mode=True)
    if kind == "ReLU":
        return nn.ReLU(inplace=True)
    if kind == "LRN":
        p = layer.get("lrn_param", {})
        return nn.LocalResponseNorm(p.get("local_size", 5), p.get("alpha", 1), p.get("beta", 0.75))
    if kind == "Dropout":
        return nn.Dropout(layer.get("dropout_param", {}).get("dropout_ratio", 0.5))
    if kind == "BatchNorm":
        # The Scale behind it is its affine part.
        return nn.BatchNorm2d(bottom.shape[1])
    if kind in ("Scale", "Eltwise", "Concat", "SoftmaxWithLoss"):
        return None
    raise ValueError("no PyTorch twin for " + kind)


def apply(layer, module, bottoms):
    if module is not None:
        return module(bottoms[0])
    if layer["type"] == "Scale":
        return bottoms[0]
    if layer["type"] == "Eltwise":
        return sum(bottoms[1:], bottoms[0])
    if layer["type"] == "Concat":
        return torch.cat(bottoms, 1)
    return nn.functional.cross_entropy(bottoms[0].flatten(1).float(), bottoms[1])


class Twin:
    """A net in PyTorch."""

    def __init__(self, net, memory):
        self.layers = [one for one in net["layer"] if one["type"] not in SOURCES and not is_test_only(one)]
        source = next(one for one in net["layer"] if one["type"] in SOURCES)
        shapes = [[int(dim) for dim in shape["dim"]] for shape in source["dummy_data_param"]["shape"]]
        data = torch.randn(shapes[0], device="cuda").contiguous(memory_format=memory)
        label = torch.full(shapes[1][:1], 3, dtype=torch.long, device="cuda")
        self.inputs = dict(zip(source["top"], (data, label)))
        self.modules = {}
        with torch.no_grad():
            blobs = dict(self.inputs)
            for layer in self.layers:
                bottoms = [blobs[name] for name in layer["bottom"]]
                module = module_of(layer, bottoms[0])
                self.modules[layer["name"]] = module and module.to("cuda", memory_format=memory)
                blobs[layer["top"][0]] = apply(layer, self.modules[layer["name"]], bottoms)
        self.learned = nn.ModuleList(one for one in self.modules.values() if one is not None)

    def forward(self):
        blobs = dict(self.inputs)
        for layer in self.layers:
            top = apply(layer, self.modules[layer["name"]], [blobs[name] for name in layer["bottom"]])
            blobs[layer["top"][0]] = top
        return top


def is_test_only(layer):
    return any(rule.get("phase") == "TEST" for rule in layer.get("include", []))


def quickest(work, milliseconds):
    """Milliseconds of one call, of groups of them so long that waiting for the card counts little."""

    def timed(calls):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(calls):
            work()
        torch.cuda.synchronize()
        return (time.perf_counter() - begin) * 1e3 / calls

    # cuDNN looks for its fastest algorithms.
    timed(3)
    calls = max(1, int(milliseconds / 10 / max(timed(1), 1e-3)))
    best, until = float("inf"), time.perf_counter() + milliseconds / 1e3
    while True:
        best = min(best, timed(calls))
        if time.perf_counter() > until:
            return best


# Older versions have it in another place.
grad_scaler = torch.amp.GradScaler if hasattr(torch.amp, "GradScaler") else torch.cuda.amp.GradScaler


def times(net, milliseconds, memory, is_half):
    twin = Twin(net, memory)
    optimizer = torch.optim.SGD(twin.learned.parameters(), lr=1e-5, momentum=0.9, weight_decay=5e-4)
    scaler = grad_scaler(enabled=is_half)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", dtype=torch.float16, enabled=is_half):
            loss = twin.forward()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    def forward():
        with torch.inference_mode(), torch.autocast("cuda", dtype=torch.float16, enabled=is_half):
            twin.forward()

    twin.learned.train()
    step_ms = quickest(step, milliseconds)
    twin.learned.eval()
    return {"step": step_ms, "forward": quickest(forward, milliseconds / 2)}


def measured(net, milliseconds):
    answers = []
    for mode, memory, allows_tf32, is_half in MODES:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allows_tf32
        torch.backends.cudnn.benchmark = True
        try:
            answers.append({"mode": mode, **times(net, milliseconds, memory, is_half)})
        except (RuntimeError, ValueError) as error:
            # One mode that finds no memory, or no algorithm, leaves the others.
            answers.append({"mode": mode, "failed": str(error).splitlines()[0]})
        torch.cuda.empty_cache()
    return answers


if __name__ == "__main__":
    say({"about": "%s, CUDA %s, cuDNN %s, %s" % (
        torch.__version__, torch.version.cuda, torch.backends.cudnn.version(), torch.cuda.get_device_name())})
    for line in sys.stdin:
        asked = json.loads(line)
        say(measured(asked["net"], asked["milliseconds"]))
