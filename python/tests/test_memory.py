"""Nets that are made and dropped leave nothing, in this process and in the engine's: CAFFE_TEST_NETS says how many."""

import gc
import itertools
import os
import sys
import unittest

import caffe
from caffe._engine import engine
from nets import temporary_folder, write
from programs import open_files, resident_megabytes

NETS = int(os.environ.get("CAFFE_TEST_NETS", "500"))
# So much may lie about until a collector comes.
MEGABYTES = 60

NET = """
    force_backward: true
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 16 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 3 } }
    layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
    layer { name: "own" type: "Python" bottom: "conv" top: "own" python_param { module: "%s" layer: "Same" } }
    layer { name: "ip" type: "InnerProduct" bottom: "own" top: "ip" inner_product_param { num_output: 10 } }
"""


class Same(caffe.Layer):
    def setup(self, bottom, top):
        self.blobs.add_blob(1)

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = top[0].diff


@unittest.skipUnless(sys.platform.startswith("linux"), "looks at processes in /proc")
class TestMemory(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.file = write(self.folder, "net.prototxt", NET % __name__)

    def grown(self, make, times):
        """Megabytes and files that were taken from the first fifth on to the last, here and in the engine."""
        processes = (os.getpid(), engine()._process.pid)

        def state():
            gc.collect()
            caffe.layer_type_list()
            return [(resident_megabytes(one), open_files(one)) for one in processes]

        for i in range(times):
            if i == times // 5:
                before = state()
            make()
        return [(now[0] - then[0], now[1] - then[1]) for now, then in zip(state(), before)]

    def assert_flat(self, grown):
        for megabytes, files in grown:
            self.assertLess(megabytes, MEGABYTES)
            self.assertLessEqual(files, 2)

    def test_nets(self):
        def make():
            net = caffe.Net(self.file, caffe.TEST)
            net.blobs["data"].data[...] = 1
            net.forward()
            net.backward()
            for blob in net.blobs.values():
                blob.data.sum(), blob.diff.sum()

        self.assert_flat(self.grown(make, NETS))

    def test_nets_with_a_mistake(self):
        wrong = write(self.folder, "wrong.prototxt", NET % __name__ + 'layer { name: "x" type: "Power" bottom: "none" top: "x" }')

        def make():
            with self.assertRaises(caffe.CaffeError):
                caffe.Net(wrong, caffe.TEST)

        self.assert_flat(self.grown(make, NETS // 4))

    def test_views_that_stay(self):
        net = caffe.Net(self.file, caffe.TEST)
        kept, turns = [], itertools.count()

        def make():
            # Larger, smaller, larger: memory that is kept, and memory that is replaced.
            net.blobs["data"].reshape(16 + 9 * next(turns) % 7, 3, 32, 32)
            kept.append(net.blobs["data"].data[0, 0])
            del kept[:-3]
            net.forward()

        self.assert_flat(self.grown(make, NETS // 4))


if __name__ == "__main__":
    unittest.main()
