"""Layers in Python, in nets that Python itself runs."""

import gc
import os
import threading
import traceback
import unittest

import numpy as np

import caffe
from nets import temporary_folder, write


class Ten(caffe.Layer):
    """Multiplies by ten, which its derivative does too."""

    def setup(self, bottom, top):
        self.calls = ["setup"]

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        top[0].data[...] = 10 * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        if propagate_down[0]:
            bottom[0].diff[...] = 10 * top[0].diff


class Weighted(caffe.Layer):
    """Multiplies by a number that is learned."""

    def setup(self, bottom, top):
        self.blobs.add_blob(1)
        self.blobs.add_blob(2, 3)
        self.blobs[0].data[...] = float(self.param_str or "1")

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.blobs[0].data[0] * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[0] += (top[0].diff * bottom[0].data).sum()
        bottom[0].diff[...] = self.blobs[0].data[0] * top[0].diff


class Told(caffe.Layer):
    """Shows what a layer is told: the phase, the parameter, what is asked for."""

    def setup(self, bottom, top):
        self.propagated = []

    def reshape(self, bottom, top):
        top[0].reshape(2)

    def forward(self, bottom, top):
        top[0].data[:] = [self.phase, len(self.param_str)]

    def backward(self, top, propagate_down, bottom):
        self.propagated.append((len(top), list(propagate_down), len(bottom)))


class Source(caffe.Layer):
    """Reads no bottom; every batch is another."""

    def setup(self, bottom, top):
        assert not bottom
        self.passes = 0

    def reshape(self, bottom, top):
        top[0].reshape(2, self.passes + 1)
        top[1].reshape(2)

    def forward(self, bottom, top):
        self.passes += 1
        top[0].data[...] = self.passes
        top[1].data[...] = [0, 1]

    def backward(self, top, propagate_down, bottom):
        pass


class Mistaken(caffe.Layer):
    def setup(self, bottom, top):
        self._at("setup")

    def reshape(self, bottom, top):
        top[0].reshape(1)
        self._at("reshape")

    def forward(self, bottom, top):
        self._at("forward")

    def backward(self, top, propagate_down, bottom):
        self._at("backward")

    def _at(self, method):
        if self.param_str == method:
            raise ZeroDivisionError("in " + method)


class Inner(caffe.Layer):
    """Has a net of its own, made in setup, and one more for each pass."""

    def setup(self, bottom, top):
        self.net = caffe.Net(self.param_str, caffe.TEST)

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        for net in (self.net, caffe.Net(self.param_str, caffe.TEST)):
            top[0].data[...] = net.forward(data=bottom[0].data)["out"]

    def backward(self, top, propagate_down, bottom):
        self.net.blobs["out"].diff[...] = top[0].diff
        self.net.backward()
        bottom[0].diff[...] = self.net.blobs["data"].diff


class Threads(Ten):
    """Lets threads do the work, and waits for them."""

    def each_in_a_thread(self, work, count):
        threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
            if thread.is_alive():
                raise TimeoutError("a thread of the layer's does not come to its end")

    def reshape(self, bottom, top):
        self.each_in_a_thread(lambda _: top[0].reshape(*bottom[0].shape), 1)

    def forward(self, bottom, top):
        def work(i):
            top[0].data[i] = 10 * bottom[0].data[i]

        self.each_in_a_thread(work, bottom[0].num)

    def backward(self, top, propagate_down, bottom):
        def work(i):
            bottom[0].diff[i] = 10 * top[0].diff[i]

        self.each_in_a_thread(work, bottom[0].num)


class Unfinished(caffe.Layer):
    def setup(self, bottom, top):
        pass


class NoLayer:
    pass


def broken_import():
    """What a module that cannot be imported has to say."""
    return write


DATA = 'force_backward: true layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }'


def python(name, layer, bottom="data", top="out", param_str="", module=__name__, more=""):
    bottoms = " ".join('bottom: "%s"' % one for one in bottom.split())
    tops = " ".join('top: "%s"' % one for one in top.split())
    return """layer { name: "%s" type: "Python" %s %s
        python_param { module: "%s" layer: "%s" param_str: "%s" } %s }""" % (
        name, bottoms, tops, module, layer, param_str, more)  # fmt: skip


class TestLayers(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def net(self, text, phase=caffe.TEST):
        return caffe.Net(write(self.folder, "net.prototxt", text), phase)

    def test_passes(self):
        net = self.net(DATA + python("one", "Ten", top="x") + python("two", "Ten", "x") + python("three", "Ten", "out", "y"))
        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        np.testing.assert_array_equal(net.forward(data=x)["y"], 1000 * x)
        np.testing.assert_array_equal(net.backward(y=x)["data"], 1000 * x)
        net.blobs["data"].reshape(4, 1, 2)
        self.assertEqual(net.forward()["y"].shape, (4, 1, 2))

    def test_the_object_itself(self):
        net = self.net(DATA + python("one", "Ten"))
        layer = net.layers[1]
        self.assertIs(type(layer), Ten)
        self.assertIs(net.layer_dict["one"], layer)
        self.assertEqual((layer.calls, layer.type, layer.phase, len(layer.blobs)), (["setup"], "Python", caffe.TEST, 0))
        layer.forward = lambda bottom, top: top[0].data.fill(5)
        self.assertTrue((net.forward()["out"] == 5).all())

    def test_threads(self):
        net = self.net(DATA + python("ten", "Threads"))
        for value in (1, 2):
            net.blobs["data"].data[...] = value
            np.testing.assert_array_equal(net.forward()["out"], np.full((2, 3), 10 * value))
            net.blobs["out"].diff[...] = value
            net.backward()
            np.testing.assert_array_equal(net.blobs["data"].diff, np.full((2, 3), 10 * value))

    def test_in_place(self):
        net = self.net(DATA + python("one", "Ten", top="x") + python("two", "Ten", "x", "x"))
        np.testing.assert_array_equal(net.forward(data=np.ones((2, 3)))["x"], np.full((2, 3), 100))
        np.testing.assert_array_equal(net.backward(x=np.ones((2, 3)))["data"], np.full((2, 3), 100))

    def test_parameters(self):
        net = self.net(DATA + python("w", "Weighted", param_str="2.5"))
        number, other = net.params["w"]
        self.assertEqual((list(number.shape), list(other.shape)), ([1], [2, 3]))
        self.assertFalse(other.data.any())
        np.testing.assert_array_equal(net.forward(data=np.ones((2, 3)))["out"], np.full((2, 3), 2.5))
        number.data[...] = 4
        np.testing.assert_array_equal(net.forward()["out"], np.full((2, 3), 4))
        net.backward(out=np.ones((2, 3)))
        self.assertEqual(number.diff[0], 6)
        self.assertIs(type(net.layers[1].blobs), type(net.params["w"]))
        path = self.folder + "/weights.caffemodel"
        net.save(path)
        fresh = caffe.Net(self.folder + "/net.prototxt", caffe.TEST, weights=path)
        self.assertEqual(fresh.params["w"][0].data[0], 4)
        net.save_hdf5(path + ".h5")
        fresh.params["w"][0].data[0] = 0
        fresh.load_hdf5(path + ".h5")
        self.assertEqual(fresh.params["w"][0].data[0], 4)

    def test_training(self):
        write(self.folder, "train.prototxt",
            """layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
                 shape { dim: 4 dim: 1 } data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 3 } } }
            """ + python("w", "Weighted") + 'layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "label" top: "loss" }')  # fmt: skip
        solver = caffe.get_solver(write(self.folder, "solver.prototxt",
            'net: "train.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 100 momentum: 0.5 snapshot_after_train: false'))  # fmt: skip
        solver.solve()
        self.assertAlmostEqual(float(solver.net.params["w"][0].data[0]), 3, places=4)

    def test_what_it_is_told(self):
        text = DATA + python("told", "Told", "data data", param_str="four")
        self.assertEqual(self.net(text).forward()["out"].tolist(), [caffe.TEST, 4])
        net = self.net(text.replace("force_backward: true", "force_backward: true"), caffe.TRAIN)
        self.assertEqual(net.forward()["out"].tolist(), [caffe.TRAIN, 4])
        net.backward()
        self.assertEqual(net.layers[-1].propagated, [(1, [True, True], 2)])

    def test_a_source(self):
        net = self.net(python("source", "Source", "", "data label") + python("ten", "Ten"))
        for passes in (1, 2, 3):
            # Each pass reshapes first.
            self.assertEqual(net.forward()["out"].shape, (2, passes))
            self.assertTrue((net.blobs["out"].data == 10 * passes).all())

    def test_mistakes(self):
        for method in ("setup", "reshape", "forward", "backward"):
            text = DATA + python("bad one", "Mistaken", param_str=method)
            shown = ""
            try:
                net = self.net(text)
                net.forward()
                net.backward()
            except ZeroDivisionError:
                shown = traceback.format_exc()
            self.assertIn('raised in layer "bad one"', shown)
            self.assertIn("in _at", shown)
            self.assertIn('raise ZeroDivisionError("in " + method)', shown)
        # The engine goes on.
        self.net(DATA + python("good", "Ten")).forward()

    def test_a_mistake_can_be_mended(self):
        net = self.net(DATA + python("bad", "Mistaken", param_str="forward"))
        for _ in range(2):
            with self.assertRaises(ZeroDivisionError):
                net.forward()
        net.layers[1].param_str = ""
        net.forward()

    def test_what_is_no_layer(self):
        for layer, error, message in (
            ("NoLayer", TypeError, "caffe.Layer"),
            ("Absent", TypeError, "Absent"),
            ("Unfinished", NotImplementedError, "Unfinished has no reshape"),
        ):
            with self.assertRaisesRegex(error, message):
                self.net(DATA + python("x", layer))
        with self.assertRaisesRegex(caffe.CaffeError, 'layer "x" .*no_such_module'):
            self.net(DATA + python("x", "Ten", module="no_such_module"))

    def test_a_module_that_cannot_be_imported(self):
        write(self.folder, "wrong_import.py", "import caffe\n\nraise OSError('no disk')\n")
        with self.assertRaisesRegex(OSError, "no disk"):
            self.net(DATA + python("x", "Ten", module="wrong_import"))

    def test_a_module_beside_the_net(self):
        write(self.folder, "beside_it.py", "import caffe\nfrom test_layers import Ten\nclass Mine(Ten):\n  pass\n")
        np.testing.assert_array_equal(
            self.net(DATA + python("x", "Mine", module="beside_it")).forward(data=np.ones((2, 3)))["out"], np.full((2, 3), 10)
        )

    def test_a_net_within_a_layer(self):
        inner = write(self.folder, "inner.prototxt", DATA + python("ten", "Ten"))
        net = self.net(DATA + python("inner", "Inner", top="y", param_str=inner))
        for value in (1, 2):
            np.testing.assert_array_equal(net.forward(data=np.full((2, 3), value))["y"], np.full((2, 3), 10 * value))
        np.testing.assert_array_equal(net.backward(y=np.ones((2, 3)))["data"], np.full((2, 3), 10))

    def test_a_mistake_within_a_net_within_a_layer(self):
        inner = write(self.folder, "inner.prototxt", DATA + python("deep", "Mistaken", param_str="forward"))
        net = self.net(DATA + python("inner", "Inner", top="y", param_str=inner))
        with self.assertRaises(ZeroDivisionError) as caught:
            net.forward()
        notes = getattr(caught.exception, "__notes__", None)
        if notes is not None:
            self.assertEqual(notes, ['raised in layer "deep"', 'raised in layer "inner"'])

    def test_nets_with_layers_go(self):
        import weakref

        alive = []
        for _ in range(3):
            net = self.net(DATA + python("w", "Weighted"))
            net.forward()
            alive.append(weakref.ref(net.layers[1]))
            del net
            gc.collect()
        caffe.layer_type_list()
        gc.collect()
        self.assertEqual([one() for one in alive], [None] * 3)


if __name__ == "__main__":
    unittest.main()
