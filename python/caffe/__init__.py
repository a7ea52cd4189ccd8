"""
Caffe in Python: `import caffe` as pycaffe has it, on the engine of caffe-ts.

What only some scripts need (`io`, `Classifier`, `NetSpec` …) is imported at first use.
"""

import importlib

from ._layers import Layer
from ._peer import CaffeError
from .pycaffe import (
    NCCL,
    TEST,
    TRAIN,
    AdaDeltaSolver,
    AdaGradSolver,
    AdamSolver,
    Net,
    NesterovSolver,
    RMSPropSolver,
    SGDSolver,
    Timer,
    get_solver,
    has_nccl,
    init_log,
    layer_type_list,
    log,
    set_device,
    set_mode_cpu,
    set_mode_gpu,
    set_multiprocess,
    set_random_seed,
    set_solver_count,
    set_solver_rank,
    solver_count,
    solver_rank,
)

_MODULES = ("classifier", "coord_map", "detector", "draw", "io", "net_spec", "proto")
_NAMES = {
    "Classifier": "classifier",
    "Detector": "detector",
    "NetSpec": "net_spec",
    "layers": "net_spec",
    "params": "net_spec",
    "to_proto": "net_spec",
}

__all__ = [
    "NCCL", "TEST", "TRAIN", "AdaDeltaSolver", "AdaGradSolver", "AdamSolver", "CaffeError", "Classifier", "Detector",
    "Layer", "Net", "NetSpec", "NesterovSolver", "RMSPropSolver", "SGDSolver", "Timer", "get_solver", "has_nccl",
    "init_log", "io", "layer_type_list", "layers", "log", "params", "set_device", "set_mode_cpu", "set_mode_gpu",
    "set_multiprocess", "set_random_seed", "set_solver_count", "set_solver_rank", "solver_count", "solver_rank",
    "to_proto",
]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module("." + name, __name__)
    if name in _NAMES:
        return getattr(importlib.import_module("." + _NAMES[name], __name__), name)
    if name == "__version__":
        from ._engine import engine

        return engine().version
    raise AttributeError("module 'caffe' has no attribute '%s'" % name)


def __dir__():
    return sorted(set(globals()) | set(_MODULES) | set(__all__))
