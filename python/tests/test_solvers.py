"""Solvers: the rules, what a step does, snapshots, callbacks."""

import os
import unittest

import numpy as np

import caffe
from nets import temporary_folder, write

REGRESSION = """
    layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
      shape { dim: 5 dim: 4 } shape { dim: 5 dim: 1 }
      data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 3 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param {
      num_output: 1 weight_filler { type: "constant" value: 0.25 } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
BLOCK = """
    layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
      shape { dim: 4 dim: 3 dim: 6 dim: 6 } shape { dim: 4 dim: 2 }
      data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
      num_output: 3 kernel_size: 3 pad: 1 weight_filler { type: "gaussian" std: 1 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
    layer { name: "scale" type: "Scale" bottom: "bn" top: "bn" scale_param { filler { value: 2 } bias_term: true } }
    layer { name: "relu" type: "ReLU" bottom: "bn" top: "bn" }
    layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "bn" top: "sum" }
    layer { name: "sum_relu" type: "ReLU" bottom: "sum" top: "sum" }
    layer { name: "pool" type: "Pooling" bottom: "sum" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
    layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param {
      num_output: 2 weight_filler { type: "xavier" } } }
    layer { name: "ip_relu" type: "ReLU" bottom: "ip" top: "ip" }
    layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
SOLVER = """
    net: "net.prototxt" test_iter: 3 test_interval: 10 test_initialization: false
    base_lr: 0.01 lr_policy: "inv" gamma: 0.0001 power: 0.75 max_iter: 12 display: 4
    snapshot_prefix: "model" type: "%s" %s
"""


class SolverTestCase(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        write(self.folder, "net.prototxt", REGRESSION)

    def file(self, type_="SGD", more="momentum: 0.9"):
        return write(self.folder, "solver.prototxt", SOLVER % (type_, more))

    def solver(self, *args):
        return caffe.get_solver(self.file(*args))


class TestSolvers(SolverTestCase):
    def test_rules(self):
        for type_, more in (
            ("SGD", "momentum: 0.9"),
            ("Nesterov", "momentum: 0.9"),
            ("AdaGrad", ""),
            ("RMSProp", "rms_decay: 0.9"),
            ("AdaDelta", "momentum: 0.95"),
            ("Adam", "momentum: 0.9 momentum2: 0.999"),
        ):
            asked = self.solver(type_, more)
            cls = getattr(caffe, type_ + "Solver")
            self.assertIs(type(asked), cls)
            self.assertIsInstance(asked, caffe.SGDSolver)
            # A class takes its own rule, whatever the file says.
            by_class = cls(self.file("SGD", more))
            for solver in (asked, by_class):
                solver.step(3)
                self.assertEqual(solver.iter, 3)
            np.testing.assert_array_equal(asked.net.params["ip"][0].data, by_class.net.params["ip"][0].data)
            self.assertTrue((asked.net.params["ip"][0].data != 0.25).all())

    def test_one_step_of_sgd(self):
        solver = self.solver("SGD", "")
        # The loss is (w · 1 + b - 3)² / 2 with w · 1 = 1, its gradient -2 for each weight and the bias.
        solver.step(1)
        self.assertEqual(float(solver.net.blobs["loss"].data), 2)
        weights, bias = solver.net.params["ip"]
        np.testing.assert_allclose(weights.data, 0.25 + 0.01 * 2, rtol=1e-6)
        np.testing.assert_allclose(bias.data, 0.01 * 2, rtol=1e-6)

    def test_nets(self):
        solver = self.solver()
        self.assertEqual(list(solver.net.params), ["ip"])
        self.assertEqual(len(solver.test_nets), 1)
        test = solver.test_nets[0]
        self.assertIs(solver.net, solver.net)
        solver.net.params["ip"][0].data[...] = 2
        self.assertEqual(float(test.forward()["loss"]), 0.5 * 25)
        test.share_with(solver.net)

    def test_views_over_steps(self):
        solver = self.solver("SGD", "")
        weights, loss = solver.net.params["ip"][0].data, solver.net.blobs["loss"].data
        before, last = weights.copy(), np.inf
        for _ in range(10):
            solver.step(1)
            self.assertTrue((weights > before).all())
            self.assertLess(float(loss), last)
            before, last = weights.copy(), float(loss)
        weights[...] = 0.75
        solver.net.params["ip"][1].data[...] = 0
        solver.step(1)
        self.assertEqual(float(loss), 0)

    def test_gradients_after_a_step(self):
        solver = self.solver("SGD", "")
        solver.step(1)
        # As in Caffe, an update leaves in a parameter's diff what it has taken from the data.
        weights = solver.net.params["ip"][0]
        np.testing.assert_allclose(weights.diff, 0.25 - weights.data, rtol=1e-4)

    def test_gradients_between_layers_that_run_as_one(self):
        write(self.folder, "net.prototxt", BLOCK)
        write(self.folder, "solver.prototxt", 'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" random_seed: 3')
        whole, apart = caffe.get_solver("solver.prototxt"), caffe.get_solver("solver.prototxt")
        # Layers with a callback in between do not run as one.
        apart.net.after_forward(lambda layer: None)
        apart.net.after_backward(lambda layer: None)
        for _ in range(3):
            for solver in (whole, apart):
                solver.step(1)
            for name, blob in whole.net.blobs.items():
                other = apart.net.blobs[name]
                np.testing.assert_allclose(blob.data, other.data, rtol=1e-4, atol=1e-5, err_msg=name)
                np.testing.assert_allclose(blob.diff, other.diff, rtol=1e-4, atol=1e-5, err_msg=name)

    def test_solve(self):
        solver = self.solver()
        solver.solve()
        self.assertEqual(solver.iter, 12)
        for name in ("model_iter_12.caffemodel", "model_iter_12.solverstate"):
            self.assertTrue(os.path.exists(os.path.join(self.folder, name)), name)

    def test_snapshot_and_restore(self):
        first, second, third = self.solver(), self.solver(), self.solver()
        first.step(4)
        first.snapshot()
        state = os.path.join(self.folder, "model_iter_4.solverstate")
        second.restore(state)
        self.assertEqual(second.iter, 4)
        first.step(8)
        second.step(8)
        third.solve(state)
        for solver in (second, third):
            self.assertEqual(solver.iter, 12)
            for one, other in zip(first.net.params["ip"], solver.net.params["ip"]):
                np.testing.assert_array_equal(one.data, other.data)
        with self.assertRaisesRegex(caffe.CaffeError, "none.solverstate"):
            second.restore("none.solverstate")

    def test_an_iteration_by_hand(self):
        ours, theirs = self.solver(), self.solver()
        for _ in range(3):
            ours.net.clear_param_diffs()
            ours.net.forward()
            ours.net.backward()
            ours.apply_update()
        theirs.step(3)
        np.testing.assert_allclose(ours.net.params["ip"][0].data, theirs.net.params["ip"][0].data, rtol=1e-4)

    def test_apply_update_takes_what_is_written(self):
        solver = self.solver("SGD", "")
        solver.net.params["ip"][0].diff[...] = 10
        solver.net.params["ip"][1].diff[...] = 0
        solver.apply_update()
        np.testing.assert_allclose(solver.net.params["ip"][0].data, 0.25 - 0.1, rtol=1e-6)

    def test_callbacks(self):
        solver = self.solver()
        told = []

        def start():
            told.append(("start", solver.iter, float(solver.net.params["ip"][0].data[0, 0])))

        def ready():
            told.append(("ready", solver.iter, float(solver.net.params["ip"][0].diff[0, 0])))

        solver.add_callback(start, ready)
        solver.step(2)
        self.assertEqual([one[:2] for one in told], [("start", 0), ("ready", 0), ("start", 1), ("ready", 1)])
        self.assertEqual(told[0][2], 0.25)
        self.assertEqual(told[1][2], -2)

        def fail():
            raise LookupError("enough")

        solver.add_callback(fail, ready)
        with self.assertRaisesRegex(LookupError, "enough"):
            solver.step(1)

    def test_a_callback_may_change_gradients(self):
        solver = self.solver("SGD", "")

        def ready():
            for blob in solver.net.params["ip"]:
                blob.diff[...] = 1

        solver.add_callback(lambda: None, ready)
        solver.step(1)
        np.testing.assert_allclose(solver.net.params["ip"][0].data, 0.25 - 0.01, rtol=1e-6)

    def test_share_weights(self):
        solver, other = self.solver(), self.solver()
        solver.share_weights(other.net)
        solver.net.params["ip"][0].data[...] = 5
        self.assertTrue((other.net.params["ip"][0].data == 5).all())

    def test_parameters(self):
        solver = self.solver("SGD", "")
        self.assertEqual([solver.param.max_iter, solver.param.display], [12, 4])
        self.assertAlmostEqual(solver.param.base_lr, 0.01)
        self.assertTrue(solver.param.layer_wise_reduce)
        self.assertAlmostEqual(solver.lr, 0.01)
        solver.param.base_lr = 0.5
        self.assertEqual(solver.param.base_lr, 0.5)
        solver.step(1)
        np.testing.assert_allclose(solver.net.params["ip"][0].data, 0.25 + 1, rtol=1e-6)
        with self.assertRaises(ValueError):
            solver.param.base_lr = float("nan")

    def test_what_cannot_be_made(self):
        with self.assertRaisesRegex(caffe.CaffeError, "none.prototxt"):
            caffe.SGDSolver("none.prototxt")
        with self.assertRaisesRegex(caffe.CaffeError, "Unheard"):
            self.solver("Unheard", "")
        with self.assertRaises(caffe.CaffeError):
            self.solver().step(-1)


if __name__ == "__main__":
    unittest.main()
