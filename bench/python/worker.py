"""The Python side of npm run bench:python: for each line `WORK COUNT` it does the work so often, and prints milliseconds.

The nets are those of worker.mjs; python3 worker.py FOLDER.
"""

import os
import sys
import time

import numpy as np

import caffe

folder = sys.argv[1]


class Identity(caffe.Layer):
    """y = x."""

    def setup(self, bottom, top):
        pass

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = top[0].diff


sys.modules["identity"] = sys.modules[__name__]
caffe.init_log(2)
net = caffe.Net(os.path.join(folder, "lenet.prototxt"), caffe.TEST)
plain = caffe.Net(os.path.join(folder, "plain.prototxt"), caffe.TEST)
identity = caffe.Net(os.path.join(folder, "identity.prototxt"), caffe.TEST)
solver = caffe.SGDSolver(os.path.join(folder, "solver.prototxt"))
blob = net.blobs["data"]
array = np.array(blob.data)
values = np.array(blob.data)


def read_blob():
    values[...] = blob.data


def read_array():
    values[...] = array


def write_blob():
    blob.data[...] = values


def write_array():
    array[...] = values


def pass_of(one):
    output = one.outputs[0]

    def run():
        float(one.forward()[output].flat[0])

    return run


work = {
    "forward": pass_of(net),
    "plain": pass_of(plain),
    "identity": pass_of(identity),
    "step": lambda: solver.step(100),
    "read_blob": read_blob,
    "read_array": read_array,
    "write_blob": write_blob,
    "write_array": write_array,
}
for line in sys.stdin:
    name, count = line.split()
    run = work[name]
    begin = time.perf_counter()
    for _ in range(int(count)):
        run()
    print((time.perf_counter() - begin) * 1000, flush=True)
