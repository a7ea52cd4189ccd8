"""Nets: how they are made, run and told apart, and where their weights come from and go to."""

import os
import unittest
from collections import OrderedDict

import numpy as np

import caffe
from nets import temporary_folder, write

TWO_LAYERS = """
    name: "two layers" force_backward: true
    layer { name: "data" type: "Input" top: "data" top: "label"
      input_param { shape { dim: 5 dim: 2 dim: 3 dim: 4 } shape { dim: 5 dim: 1 dim: 1 dim: 1 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
      num_output: 11 kernel_size: 2 pad: 3 weight_filler { type: "gaussian" std: 1 } bias_filler { type: "constant" value: 2 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip_blob" inner_product_param {
      num_output: 10 weight_filler { type: "gaussian" std: 2.5 } bias_filler { type: "constant" value: -3 } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip_blob" bottom: "label" top: "loss" loss_weight: 3 }
"""

STEPS = """
    force_backward: true
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "double" type: "Power" bottom: "data" top: "doubled" power_param { scale: 2 } }
    layer { name: "more" type: "Power" bottom: "doubled" top: "more" power_param { shift: 1 } }
    layer { name: "square" type: "Power" bottom: "more" top: "squared" power_param { power: 2 } }
"""

MEMORY = """
    layer { name: "data" type: "MemoryData" top: "data" top: "label"
      memory_data_param { batch_size: 2 channels: 1 height: 2 width: 2 } }
    layer { name: "same" type: "Power" bottom: "data" top: "same" }
"""


class NetTestCase(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)

    def net(self, text, phase=caffe.TEST, **options):
        return caffe.Net(write(self.folder, "net.prototxt", text), phase, **options)

    def path(self, name):
        return os.path.join(self.folder, name)


class TestMaking(NetTestCase):
    def test_what_it_is_made_of(self):
        net = self.net(TWO_LAYERS)
        self.assertEqual(net.name, "two layers")
        self.assertEqual(net.inputs, ["data", "label"])
        self.assertEqual(net.outputs, ["loss"])
        self.assertEqual(list(net.blobs), ["data", "label", "conv", "ip_blob", "loss"])
        self.assertEqual(list(net.layer_dict), ["data", "conv", "ip", "loss"])
        self.assertEqual([layer.type for layer in net.layers], ["Input", "Convolution", "InnerProduct", "SoftmaxWithLoss"])
        self.assertEqual(list(net._layer_names), ["data", "conv", "ip", "loss"])
        self.assertEqual(net.bottom_names["loss"], ["ip_blob", "label"])
        self.assertEqual(net.top_names["data"], ["data", "label"])
        self.assertEqual(net.blob_loss_weights, OrderedDict(zip(net.blobs, [0, 0, 0, 0, 3])))
        self.assertEqual(list(net._blob_loss_weights), [0, 0, 0, 0, 3])
        self.assertEqual([net._bottom_ids(i) for i in range(4)], [[], [0], [2], [3, 1]])
        self.assertEqual([net._top_ids(i) for i in range(4)], [[0, 1], [2], [3], [4]])
        self.assertEqual([list(net._inputs), list(net._outputs)], [[0, 1], [4]])

    def test_parameters(self):
        net = self.net(TWO_LAYERS)
        self.assertEqual(list(net.params), ["conv", "ip"])
        weights, biases = net.params["conv"]
        self.assertEqual(list(weights.shape), [11, 2, 2, 2])
        self.assertEqual(weights.count, 88)
        self.assertTrue((biases.data == 2).all())
        self.assertEqual(len(net.layer_dict["ip"].blobs), 2)
        self.assertTrue(np.shares_memory(net.layers[1].blobs[0].data, weights.data))
        net.params["ip"][1].data[...] = 7
        self.assertTrue((net.layers[2].blobs[1].data == 7).all())

    def test_phase_level_and_stages(self):
        text = """
            layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
            layer { name: "train" type: "Power" bottom: "data" top: "train" include { phase: TRAIN } }
            layer { name: "test" type: "Power" bottom: "data" top: "test" include { phase: TEST } }
            layer { name: "high" type: "Power" bottom: "data" top: "high" include { min_level: 2 } }
            layer { name: "staged" type: "Power" bottom: "data" top: "staged" include { stage: "deploy" } }
        """

        def layers(*args, **options):
            named = caffe.Net(write(self.folder, "net.prototxt", text), *args, **options).layer_dict
            return [name for name in named if name in ("train", "test", "high", "staged")]

        self.assertEqual(layers(caffe.TRAIN), ["train"])
        self.assertEqual(layers(caffe.TEST), ["test"])
        self.assertEqual(layers(phase=caffe.TEST), ["test"])
        self.assertEqual(layers(caffe.TEST, level=2), ["test", "high"])
        self.assertEqual(layers(caffe.TEST, 3, ["deploy"]), ["test", "high", "staged"])
        self.assertEqual(layers(caffe.TEST, stages=["other", "deploy"]), ["test", "staged"])

    def test_both_orders_of_arguments(self):
        first = self.net(TWO_LAYERS)
        first.save(self.path("weights.caffemodel"))
        model, weights = self.path("net.prototxt"), self.path("weights.caffemodel")
        for net in (
            caffe.Net(model, weights, caffe.TEST),
            caffe.Net(model, caffe.TEST, weights=weights),
            caffe.Net(network_file=model, phase=caffe.TEST, weights=weights),
        ):
            for name in first.params:
                for old, new in zip(first.params[name], net.params[name]):
                    np.testing.assert_array_equal(old.data, new.data)

    def test_what_cannot_be_made(self):
        with self.assertRaisesRegex(caffe.CaffeError, "none.prototxt"):
            caffe.Net(self.path("none.prototxt"), caffe.TEST)
        with self.assertRaisesRegex(caffe.CaffeError, 'layer "x" .*Unheard'):
            self.net('layer { name: "x" type: "Unheard" }')
        with self.assertRaisesRegex(RuntimeError, "none.caffemodel"):
            self.net(TWO_LAYERS, weights=self.path("none.caffemodel"))
        for phase in (2, None, -1):
            with self.assertRaisesRegex(ValueError, "caffe.TRAIN or caffe.TEST"):
                self.net(TWO_LAYERS, phase)
        # The engine goes on.
        self.assertEqual(self.net(STEPS).inputs, ["data"])

    def test_layers_of_one_name(self):
        text = """
            layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "a" inner_product_param { num_output: 3 } }
            layer { name: "ip" type: "InnerProduct" bottom: "a" top: "b" inner_product_param { num_output: 4 } }
        """
        net = self.net(text)
        # As in Caffe, a name means the last of its layers.
        self.assertEqual(list(net.params["ip"][0].shape), [4, 3])
        self.assertEqual([list(layer.blobs[0].shape) for layer in net.layers[1:]], [[3, 2], [4, 3]])
        self.assertEqual(net.top_names["ip"], ["b"])


class TestPasses(NetTestCase):
    def test_forward_and_backward(self):
        net = self.net(TWO_LAYERS)
        net.blobs["label"].data[...] = np.arange(5).reshape(5, 1, 1, 1)
        net.blobs["data"].data[...] = np.random.RandomState(1).randn(5, 2, 3, 4)
        outputs = net.forward()
        self.assertEqual(list(outputs), ["loss"])
        self.assertEqual(outputs["loss"].shape, ())
        self.assertGreater(float(outputs["loss"]), 0)
        gradients = net.backward()
        self.assertEqual(list(gradients), ["data", "label"])
        self.assertTrue(np.abs(gradients["data"]).sum() > 0)
        self.assertAlmostEqual(net._forward(0, 3), 3 * float(outputs["loss"]), places=4)

    def test_ranges(self):
        net = self.net(STEPS)
        x = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
        net.blobs["data"].data[...] = x
        outputs = net.forward(end="more")
        self.assertEqual(list(outputs), ["more"])
        np.testing.assert_array_equal(outputs["more"], 2 * x + 1)
        self.assertFalse(net.blobs["squared"].data.any())
        net.blobs["doubled"].data[...] = 1
        outputs = net.forward(start="more")
        np.testing.assert_array_equal(outputs["squared"], np.full((2, 3), 4))
        outputs = net.forward(["doubled", "more"], data=x)
        self.assertEqual(list(outputs), ["squared", "doubled", "more"])
        net.blobs["squared"].diff[...] = 1
        gradients = net.backward(start="square", end="square")
        self.assertEqual(list(gradients), ["more"])
        np.testing.assert_array_equal(gradients["more"], 2 * (2 * x + 1))
        self.assertFalse(net.blobs["data"].diff.any())
        gradients = net.backward(["more"], start="more")
        self.assertEqual(list(gradients), ["data", "more"])
        np.testing.assert_array_equal(gradients["data"], 4 * (2 * x + 1))

    def test_arrays_by_name(self):
        net = self.net(STEPS)
        outputs = net.forward(data=[[1, 1, 1], [2, 2, 2]])
        np.testing.assert_array_equal(outputs["squared"], [[9] * 3, [25] * 3])
        gradients = net.backward(squared=np.ones((2, 3)))
        np.testing.assert_array_equal(gradients["data"], [[12] * 3, [20] * 3])
        for run, name in ((net.forward, "other"), (net.backward, "data")):
            with self.assertRaisesRegex(Exception, name):
                run(**{name: np.zeros((2, 3))})
        with self.assertRaisesRegex(Exception, "samples"):
            net.forward(data=np.zeros((3, 3)))
        with self.assertRaises(ValueError):
            net.forward(end="nowhere")

    def test_any_number_of_samples(self):
        net = self.net(STEPS)
        x = np.arange(21, dtype=np.float32).reshape(7, 3)
        outputs = net.forward_all(blobs=["doubled"], data=x)
        np.testing.assert_array_equal(outputs["squared"], (2 * x + 1) ** 2)
        np.testing.assert_array_equal(outputs["doubled"], 2 * x)
        outputs, gradients = net.forward_backward_all(["more"], ["doubled"], data=x, squared=np.ones((7, 3)))
        np.testing.assert_array_equal(outputs["more"], 2 * x + 1)
        np.testing.assert_array_equal(gradients["data"], 4 * (2 * x + 1))
        np.testing.assert_array_equal(gradients["doubled"], 2 * (2 * x + 1))
        self.assertEqual(net.forward_all(data=x[:4])["squared"].shape, (4, 3))
        self.assertEqual(net.forward_all(data=x[:1])["squared"].shape, (1, 3))

    def test_callbacks(self):
        net = self.net(STEPS)
        told = []
        for moment in ("before_forward", "after_forward", "before_backward", "after_backward"):
            getattr(net, moment)(lambda layer, moment=moment: told.append((moment, layer)))
        seen = []
        net.after_forward(lambda layer: seen.append(float(net.blobs["doubled"].data[0, 0])))
        net.forward(data=np.full((2, 3), 5))
        self.assertEqual(told, [(moment, i) for i in range(4) for moment in ("before_forward", "after_forward")])
        self.assertEqual(seen, [0, 10, 10, 10])
        del told[:]
        net.backward(start="more", end="double")
        self.assertEqual(told, [(moment, i) for i in (2, 1) for moment in ("before_backward", "after_backward")])

        def fail(_):
            raise KeyError("no luck")

        net.before_forward(fail)
        with self.assertRaisesRegex(KeyError, "no luck"):
            net.forward()
        self.assertEqual(net.inputs, ["data"])

    def test_a_callback_may_write(self):
        net = self.net(STEPS)

        def to_one(layer):
            if layer == 2:
                net.blobs["doubled"].data[...] = 1

        net.before_forward(to_one)
        np.testing.assert_array_equal(net.forward(data=np.zeros((2, 3)))["squared"], np.full((2, 3), 4))

    def test_reshape(self):
        net = self.net(STEPS)
        net.blobs["data"].reshape(4, 2)
        net.reshape()
        self.assertEqual(list(net.blobs["squared"].shape), [4, 2])
        self.assertEqual(net.forward(data=np.ones((4, 2)))["squared"].shape, (4, 2))
        # A pass follows new shapes by itself too.
        net.blobs["data"].reshape(1, 1)
        self.assertEqual(net.forward()["squared"].shape, (1, 1))

    def test_no_number_is_no_error(self):
        net = self.net(TWO_LAYERS)
        net.blobs["data"].data[...] = np.nan
        self.assertTrue(np.isnan(net._forward(0, 3)))

    def test_set_input_arrays(self):
        net = self.net(MEMORY)
        images = np.arange(24, dtype=np.float32).reshape(6, 1, 2, 2)
        net.set_input_arrays(images, np.arange(6, dtype=np.float32))
        for batch in (0, 1, 2, 0):
            np.testing.assert_array_equal(net.forward()["same"], images[2 * batch : 2 * batch + 2])
            np.testing.assert_array_equal(net.blobs["label"].data.ravel(), [2 * batch, 2 * batch + 1])
        # The memory is the program's own.
        images[2:4] = 7
        np.testing.assert_array_equal(net.forward()["same"], images[2:4])
        images = images[:4] + 1
        net.set_input_arrays(images, np.zeros((4, 1, 1, 1), np.float32))
        for batch in (0, 1, 0):
            np.testing.assert_array_equal(net.forward()["same"], images[2 * batch : 2 * batch + 2])
        labels = np.zeros(6, np.float32)
        for data, given, message in (
            (images[..., ::-1], labels, "contiguous"),
            (images.astype(float), labels, "float32"),
            (images, np.zeros(6), "float32"),
            (images, labels[:5], "first dimension"),
            (images[0], labels, "4-d"),
            (images[:, :, :1].copy(), labels, "4, 1, 1, 2.. Expected .1, 2, 2."),
            (images[:3], labels[:3], "3 images.*multiple of batch size 2"),
        ):
            with self.assertRaisesRegex(Exception, message):
                net.set_input_arrays(data, given)
        with self.assertRaisesRegex(Exception, "MemoryData"):
            self.net(STEPS).set_input_arrays(images, np.zeros(6, np.float32))


BLOCK = """
    force_backward: true
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 dim: 5 dim: 5 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
      num_output: 3 kernel_size: 3 pad: 1 weight_filler { type: "gaussian" std: 1 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
    layer { name: "scale" type: "Scale" bottom: "bn" top: "bn" scale_param { filler { value: 2 } bias_term: true } }
    layer { name: "relu" type: "ReLU" bottom: "bn" top: "bn" }
    layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "bn" top: "sum" }
    layer { name: "sum_relu" type: "ReLU" bottom: "sum" top: "sum" }
    layer { name: "pool" type: "Pooling" bottom: "sum" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
"""


class TestLayersInPlace(NetTestCase):
    """The engine runs some of these as one; a program must not see that."""

    def setUp(self):
        super().setUp()
        caffe.set_random_seed(3)
        self.block = self.net(BLOCK, caffe.TRAIN)
        random = np.random.RandomState(5)
        self.block.blobs["data"].data[...] = random.randn(4, 3, 5, 5)
        self.top = random.randn(4, 3, 3, 3).astype(np.float32)

    def test_gradients_between_them(self):
        net = self.block
        net.forward()
        net.backward(pool=self.top)
        # A ReLU in place leaves the gradient before it.
        first = net.blobs["sum"].diff.copy()
        self.assertTrue((first[net.blobs["sum"].data == 0] == 0).all())
        scaled = net.blobs["bn"].diff.copy()
        expected = np.where(net.blobs["bn"].data > 0, first, 0) * 2
        np.testing.assert_allclose(scaled, expected, rtol=1e-5, atol=1e-6)
        # And so it stays.
        net.forward()
        net.backward()
        np.testing.assert_array_equal(net.blobs["sum"].diff, first)
        np.testing.assert_allclose(net.blobs["bn"].diff, scaled, rtol=1e-5, atol=1e-6)

    def test_ranges_that_cut_them(self):
        net = self.block
        net.forward()
        net.backward(pool=self.top)
        whole = {name: [blob.diff.copy() for blob in net.params[name]] for name in ("conv", "scale")}
        data = net.blobs["data"].diff.copy()
        self.setUp()
        net = self.block
        net.forward()
        net.blobs["pool"].diff[...] = self.top
        for start, end in ((None, "sum_relu"), ("sum", "relu"), ("scale", "scale"), ("bn", None)):
            net.backward(start=start, end=end)
        np.testing.assert_allclose(net.blobs["data"].diff, data, rtol=1e-4, atol=1e-5)
        for name, gradients in whole.items():
            for blob, gradient in zip(net.params[name], gradients):
                np.testing.assert_allclose(blob.diff, gradient, rtol=1e-3, atol=1e-4)

    def test_callbacks_see_each_of_them(self):
        net = self.block
        seen = {}
        net.after_forward(lambda layer: seen.update({net._layer_names[layer]: net.blobs["bn"].data.copy()}))
        net.forward()
        np.testing.assert_allclose(seen["bn"].mean((0, 2, 3)), 0, atol=1e-5)
        np.testing.assert_allclose(seen["scale"], 2 * seen["bn"], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(seen["relu"], np.maximum(seen["scale"], 0))


class TestWeights(NetTestCase):
    def test_files(self):
        first = self.net(TWO_LAYERS)
        first.save(self.path("a.caffemodel"))
        first.save_hdf5(self.path("a.h5"))
        second, third = self.net(TWO_LAYERS), self.net(TWO_LAYERS)
        second.copy_from(self.path("a.caffemodel"))
        third.load_hdf5(self.path("a.h5"))
        for name in first.params:
            for i, blob in enumerate(first.params[name]):
                np.testing.assert_array_equal(second.params[name][i].data, blob.data)
                np.testing.assert_array_equal(third.params[name][i].data, blob.data)

    def test_what_was_written_is_saved(self):
        first, second = self.net(TWO_LAYERS), self.net(TWO_LAYERS)
        first.params["conv"][0].data[...] = 0.25
        first.save(self.path("a.caffemodel"))
        kept = second.params["conv"][0].data
        second.copy_from(self.path("a.caffemodel"))
        self.assertTrue((kept == 0.25).all())

    def test_relative_names(self):
        net = self.net(TWO_LAYERS)
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.folder)
        net.save("here.caffemodel")
        self.assertTrue(os.path.exists(self.path("here.caffemodel")))
        self.assertEqual(caffe.Net("net.prototxt", caffe.TEST, weights="here.caffemodel").name, "two layers")

    def test_share_with(self):
        first, second = self.net(TWO_LAYERS), self.net(TWO_LAYERS)
        second.share_with(first)
        first.params["ip"][0].data[0, :] = 42
        self.assertTrue((second.params["ip"][0].data[0] == 42).all())
        second.params["ip"][1].data[...] = 1
        self.assertTrue((first.params["ip"][1].data == 1).all())

    def test_clear_param_diffs(self):
        net = self.net(TWO_LAYERS, caffe.TRAIN)
        net.blobs["data"].data[...] = 1
        for passes in (1, 2):
            net.forward()
            net.backward()
            # Gradients add up until they are cleared.
            if passes == 1:
                once = net.params["ip"][1].diff.copy()
        self.assertTrue(once.any())
        np.testing.assert_allclose(net.params["ip"][1].diff, 2 * once, rtol=1e-5)
        net.clear_param_diffs()
        self.assertFalse(net.params["ip"][1].diff.any())


class TestWhatHoldsForAll(NetTestCase):
    def test_layer_types(self):
        types = caffe.layer_type_list()
        for name in ("Convolution", "Python", "Data"):
            self.assertIn(name, types)

    def test_random_seed(self):
        def weights():
            caffe.set_random_seed(17)
            return self.net(TWO_LAYERS).params["conv"][0].data.copy()

        np.testing.assert_array_equal(weights(), weights())
        caffe.set_random_seed(18)
        self.assertTrue((self.net(TWO_LAYERS).params["conv"][0].data != weights()).any())

    def test_modes(self):
        caffe.set_mode_cpu()
        caffe.set_device(0)
        self.assertEqual(caffe.solver_count(), 1)
        self.assertEqual(caffe.solver_rank(), 0)
        self.assertFalse(caffe.has_nccl())
        caffe.set_solver_count(1)
        with self.assertRaisesRegex(caffe.CaffeError, "one process"):
            caffe.set_solver_count(2)

    def test_a_log_that_goes_elsewhere(self):
        with self.assertWarnsRegex(UserWarning, "GLOG_log_dir"):
            caffe.init_log(2, False)

    def test_timer(self):
        timer = caffe.Timer()
        timer.start()
        timer.stop()
        self.assertGreaterEqual(timer.ms, 0)

    def test_version(self):
        self.assertRegex(caffe.__version__, r"^\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
