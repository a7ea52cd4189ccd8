"""Blobs: their arrays are the engine's memory, at any moment and for as long as somebody uses them."""

import gc
import unittest

import numpy as np

import caffe
from nets import temporary_folder, write

LINEAR = """
    force_backward: true
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param {
      num_output: 4 weight_filler { type: "constant" value: 1 } bias_filler { type: "constant" value: 0.5 } } }
    layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
    layer { name: "sum" type: "Reduction" bottom: "ip" top: "sum" loss_weight: 1 }
"""


def input_of(shape):
    return 'layer { name: "data" type: "Input" top: "data" input_param { shape { %s } } }' % " ".join(
        "dim: %d" % length for length in shape
    )


class TestBlobs(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)

    def net(self, text=LINEAR):
        return caffe.Net(write(self.folder, "net.prototxt", text), caffe.TEST)

    def test_arrays(self):
        net = self.net()
        for array in (net.blobs["data"].data, net.blobs["data"].diff, net.params["ip"][0].data):
            self.assertIsInstance(array, np.ndarray)
            self.assertEqual(array.dtype, np.float32)
            self.assertTrue(array.flags.c_contiguous and array.flags.writeable and array.flags.aligned)
        self.assertTrue(np.shares_memory(net.blobs["data"].data, net.blobs["data"].data))
        self.assertFalse(np.shares_memory(net.blobs["data"].data, net.blobs["data"].diff))

    def test_shapes(self):
        net = self.net(input_of((2, 3, 4, 5)))
        blob = net.blobs["data"]
        self.assertEqual([blob.num, blob.channels, blob.height, blob.width, blob.count], [2, 3, 4, 5, 120])
        self.assertEqual(list(blob.shape), [2, 3, 4, 5])
        self.assertEqual(blob.data.shape, (2, 3, 4, 5))
        blob.reshape(6, 7)
        self.assertEqual([list(blob.shape), blob.data.shape, blob.diff.shape], [[6, 7], (6, 7), (6, 7)])
        self.assertEqual([blob.num, blob.channels, blob.height, blob.width], [6, 7, 1, 1])
        blob.reshape(*blob.data.shape)
        for wrong in ([-1], [2**31]):
            with self.assertRaises(caffe.CaffeError):
                blob.reshape(*wrong)
        with self.assertRaises(TypeError):
            blob.reshape(shape=(1, 2))

    def test_any_number_of_axes(self):
        for shape in ((), (0,), (3, 0, 2), (1, 2, 3, 4, 5), (1,) * 12):
            blob = self.net(input_of(shape)).blobs["data"]
            self.assertEqual((blob.data.shape, blob.diff.shape), (shape, shape))
            blob.data[...] = 2
            self.assertTrue((blob.data == 2).all())
            self.assertEqual(blob.count, int(np.prod(shape)))
        with self.assertRaisesRegex(ValueError, "12 axes"):
            blob.height

    def test_what_is_written_is_used(self):
        net = self.net()
        data, weights = net.blobs["data"].data, net.params["ip"][0].data
        for value in (1, 2, 3):
            data[...] = value
            weights[...] = value
            np.testing.assert_array_equal(net.forward()["sum"], 8 * (3 * value * value + 0.5))
        data[0] = 0
        np.testing.assert_array_equal(net.forward()["sum"], 4 * (27 + 0.5) + 4 * 0.5)

    def test_views_are_live(self):
        net = self.net()
        views = {name: blob.data for name, blob in net.blobs.items()}
        gradients = {name: blob.diff for name, blob in net.blobs.items()}
        bias, bias_diff = net.params["ip"][1].data, net.params["ip"][1].diff
        for i in range(1, 30):
            views["data"][...] = i
            net.forward()
            self.assertTrue((views["ip"] == 3 * i + bias[0]).all())
            self.assertEqual(views["sum"], 8 * (3 * i + bias[0]))
            net.clear_param_diffs()
            net.backward()
            self.assertTrue((gradients["data"] == 4).all())
            self.assertTrue((gradients["ip"] == 1).all())
            self.assertTrue((bias_diff == 2).all())
            bias += 1

    def test_parts_of_views_are_live(self):
        net = self.net()
        row, last = net.blobs["ip"].data[1], net.blobs["data"].data[:, ::2]
        gc.collect()
        # Long enough for what nobody asks for not to be kept any more.
        for i in range(20):
            last[...] = i
            net.forward()
            self.assertTrue((row == 2 * i + 0.5).all())

    def test_what_is_not_kept_comes_back(self):
        net = self.net()
        net.blobs["data"].data[...] = 1
        for _ in range(20):
            net.forward()
        self.assertTrue((net.blobs["ip"].data == 3.5).all())
        self.assertTrue((net.blobs["data"].data == 1).all())

    def test_views_over_new_weights(self):
        net, other = self.net(), self.net()
        weights = net.params["ip"][0].data
        other.params["ip"][0].data[...] = 4
        path = self.folder + "/weights.caffemodel"
        other.save(path)
        net.copy_from(path)
        self.assertTrue((weights == 4).all())

    def test_views_over_a_reshape(self):
        net = self.net()
        blob = net.blobs["data"]
        view = blob.data
        view[...] = 7
        blob.reshape(1, 3)
        self.assertTrue(np.shares_memory(blob.data, view))
        self.assertTrue((blob.data == 7).all())
        blob.reshape(200, 3)
        larger = blob.data
        self.assertFalse(np.shares_memory(larger, view))
        larger[...] = 1
        self.assertEqual(net.forward()["sum"], 200 * 4 * 3.5)
        # The old one is nobody's any more, and still there.
        self.assertTrue((view == 7).all())

    def test_views_after_the_net_is_gone(self):
        net = self.net()
        net.blobs["data"].data[...] = 2
        net.forward()
        data, outputs, weights = net.blobs["data"].data, net.blobs["ip"].data, net.params["ip"][0].data
        del net
        gc.collect()
        another = self.net()
        another.blobs["data"].data[...] = 9
        another.forward()
        self.assertTrue((data == 2).all() and (outputs == 6.5).all() and (weights == 1).all())
        data[...] = 3
        self.assertTrue((data == 3).all())

    def test_blobs_keep_their_net(self):
        blob = self.net().blobs["data"]
        weights = self.net().params["ip"][0]
        gc.collect()
        self.net().forward()
        blob.reshape(5, 3)
        self.assertEqual(blob.data.shape, (5, 3))
        self.assertTrue((weights.data == 1).all())

    def test_shared_blobs(self):
        net = self.net(
            input_of((1, 2))
            + """
            layer { name: "x" type: "Power" bottom: "data" top: "x" }
            layer { name: "a" type: "Power" bottom: "x" top: "a" power_param { scale: 2 } }
            layer { name: "b" type: "Power" bottom: "x" top: "b" power_param { scale: 3 } }
            """
        )
        splits = [name for name in net.blobs if name.startswith("x_")]
        self.assertEqual(splits, ["x_x_0_split_0", "x_x_0_split_1"])
        x, first, second = (net.blobs[name].data for name in ["x"] + splits)
        net.blobs["data"].data[...] = 5
        net.forward()
        self.assertTrue((x == 5).all() and (first == 5).all() and (second == 5).all())
        # All three are one array, as in Caffe.
        first[...] = 7
        self.assertTrue((x == 7).all() and (second == 7).all())
        outputs = net.forward(start="b")
        self.assertTrue((outputs["b"] == 21).all())

    def test_an_array_in_many_hands(self):
        net = self.net()
        arrays = [net.blobs["data"].data for _ in range(100)]
        arrays[3][...] = 4
        del arrays[:99]
        gc.collect()
        net.forward()
        self.assertTrue((arrays[0] == 4).all() and (net.blobs["data"].data == 4).all())


if __name__ == "__main__":
    unittest.main()
