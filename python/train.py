#!/usr/bin/env python
"""Trains what a solver's prototxt says, in this process."""

import argparse

import caffe


def train(solver, snapshot, gpus, timing=False):
    """Trains to max_iter.

    solver: its prototxt. snapshot: a .solverstate to go on from, or None.
    gpus: the number of the GPU in a list; an empty one is the CPU.
    timing: whether the log tells every `display` iterations what the last one took.
    """
    caffe.init_log()
    if gpus:
        caffe.log("Using devices %s" % gpus)
        caffe.set_device(gpus[0])
        caffe.set_mode_gpu()
    else:
        caffe.log("Using the CPU; --gpus 0 is the first GPU")
        caffe.set_mode_cpu()
    made = caffe.get_solver(solver)
    if timing:
        time(made)
    made.solve(snapshot)


def time(solver):
    """Lets the log tell, every `display` iterations, the milliseconds of each layer and of all."""
    names = list(solver.net._layer_names)
    forward = [caffe.Timer() for _ in names]
    backward = [caffe.Timer() for _ in names]
    total = caffe.Timer()
    display = solver.param.display

    def show():
        total.stop()
        if not display or solver.iter % display:
            return
        layers = range(len(names))
        lines = ["forw %3d %8s : %.2f" % (i, names[i], forward[i].ms) for i in layers]
        lines += ["back %3d %8s : %.2f" % (i, names[i], backward[i].ms) for i in reversed(layers)]
        lines.append("solver total: %.2f" % total.ms)
        caffe.log("\n%s\n" % "\n".join(lines))

    solver.net.before_forward(lambda layer: forward[layer].start())
    solver.net.after_forward(lambda layer: forward[layer].stop())
    solver.net.before_backward(lambda layer: backward[layer].start())
    solver.net.after_backward(lambda layer: backward[layer].stop())
    solver.add_callback(total.start, show)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solver", required=True, help="The solver's prototxt.")
    parser.add_argument("--snapshot", help="A .solverstate to go on from.")
    parser.add_argument(
        "--gpus", type=int, nargs="+", default=[], help="The number of the GPU; the CPU unless given."
    )
    parser.add_argument("--timing", action="store_true", help="Tell what layers take.")
    flags = parser.parse_args()
    if len(flags.gpus) > 1:
        parser.error(
            "--gpus %s: several are not available, as there is neither NCCL nor mpirun here. "
            "Expected one." % " ".join(map(str, flags.gpus))
        )
    train(flags.solver, flags.snapshot, flags.gpus, flags.timing)
