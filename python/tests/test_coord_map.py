"""Where places of one blob lie in another."""

import unittest

import numpy as np

from caffe.coord_map import (
    AxisMismatchException,
    UndefinedMapException,
    compose,
    conv_params,
    coord_map,
    coord_map_from_to,
    crop,
    inverse,
)
from caffe.net_spec import layers as L


class TestMapsOfLayers(unittest.TestCase):
    def of(self, top, *wanted):
        axis, scale, shift = coord_map(top.fn)
        self.assertEqual(axis, wanted[0])
        np.testing.assert_allclose(scale, wanted[1])
        np.testing.assert_allclose(shift, wanted[2])

    def test_windows(self):
        data = L.Input()
        # Top 0 has the middle of bottom's 0..4, which is 2; stride 2 halves.
        self.of(L.Convolution(data, kernel_size=5, stride=2), 1, 0.5, -1)
        self.of(L.Convolution(data, kernel_size=5, stride=2, pad=2), 1, 0.5, 0)
        self.of(L.Convolution(data, kernel_size=3, dilation=2), 1, 1, -2)
        self.of(L.Pooling(data, kernel_size=2, stride=2), 1, 0.5, -0.25)
        self.of(L.Im2col(data, convolution_param=dict(kernel_size=3, axis=2)), 2, 1, -1)
        self.of(L.Deconvolution(data, kernel_size=4, stride=2, pad=1), 1, 2, 0.5)
        self.of(L.Convolution(data, kernel_size=[3, 5], pad=[0, 2]), 1, [1], [-1, 0])

    def test_messages(self):
        message = dict(kernel_size=3, stride=2)
        self.of(L.Convolution(L.Input(), convolution_param=message), 1, 0.5, -0.5)
        self.of(L.Pooling(L.Input(), pooling_param=message), 1, 0.5, -0.5)

    def test_others(self):
        self.of(L.ReLU(L.Input()), None, 1, 0)
        self.of(L.Crop(L.Input(), L.Input(), offset=[3, 4]), 1, 1, [-3, -4])
        self.of(L.Crop(L.Input(), L.Input(), crop_param=dict(axis=1, offset=2)), 0, 1, -2)
        with self.assertRaises(UndefinedMapException):
            coord_map(L.InnerProduct(L.Input()).fn)

    def test_sides_by_name_are_refused(self):
        for sided in (dict(kernel_size=3, pad_h=1), dict(kernel_h=3, kernel_w=3)):
            for params in (sided, dict(convolution_param=sided)):
                with self.assertRaisesRegex(AssertionError, "Expected kernel_size, pad and stride"):
                    conv_params(L.Convolution(L.Input(), **params).fn)
        with self.assertRaises(KeyError):
            conv_params(L.Pooling(L.Input(), global_pooling=True).fn)


class TestComposition(unittest.TestCase):
    def test_there_and_back_is_the_identity(self):
        one = (1, np.array([0.5]), np.array([-1.0]))
        self.assertEqual(compose(one, inverse(one)), (1, 1, 0))

    def test_the_second_comes_first(self):
        self.assertEqual(compose((None, 2, 1), (1, 3, 5)), (1, 6, 11))

    def test_axes(self):
        self.assertEqual(compose((None, 1, 0), (None, 1, 0))[0], None)
        with self.assertRaises(AxisMismatchException):
            compose((1, 1, 0), (2, 1, 0))


class TestWays(unittest.TestCase):
    def setUp(self):
        self.data = L.Input()
        self.conv = L.Convolution(self.data, kernel_size=3, pad=10)
        self.pool = L.Pooling(self.conv, kernel_size=2, stride=2)
        self.up = L.Deconvolution(self.pool, convolution_param=dict(kernel_size=4, stride=2))

    def test_down_and_up(self):
        axis, scale, shift = coord_map_from_to(self.up, self.data)
        self.assertEqual((axis, scale.tolist(), shift.tolist()), (1, [1], [-10]))
        axis, scale, shift = coord_map_from_to(self.pool, self.data)
        self.assertEqual((axis, scale.tolist(), shift.tolist()), (1, [2], [-8.5]))

    def test_branches_meet(self):
        left = L.ReLU(L.Convolution(self.data, kernel_size=5))
        right = L.Eltwise(self.data, L.Sigmoid(self.data))
        axis, scale, shift = coord_map_from_to(left, right)
        self.assertEqual((axis, scale.tolist(), shift.tolist()), (1, [1], [2]))

    def test_no_way(self):
        for other in (L.Input(), L.InnerProduct(self.data)):
            with self.assertRaisesRegex(RuntimeError, "no map between"):
                coord_map_from_to(self.up, other)

    def test_a_crops_second_bottom_is_no_way(self):
        cut = L.Crop(self.up, L.Input(), offset=4)
        _, _, shift = coord_map_from_to(cut, self.data)
        self.assertEqual(shift.tolist(), [-6])
        elsewhere = L.Input()
        with self.assertRaises(RuntimeError):
            coord_map_from_to(L.Crop(self.up, elsewhere), elsewhere)

    def test_crop(self):
        made = crop(self.up, self.data)
        self.assertEqual((made.fn.type_name, made.fn.inputs), ("Crop", (self.up, self.data)))
        self.assertEqual(made.fn.params, dict(crop_param=dict(axis=2, offset=[10])))
        made = made.to_proto().layer[-1]
        self.assertEqual((made.crop_param.axis, list(made.crop_param.offset)), (2, [10]))

    def test_crop_where_nothing_moves(self):
        made = crop(L.ReLU(self.data), self.data)
        self.assertEqual(made.fn.params, dict(crop_param=dict(axis=2, offset=[0])))

    def test_crops_that_cannot_be(self):
        with self.assertRaisesRegex(AssertionError, "scale"):
            crop(self.pool, self.data)
        with self.assertRaisesRegex(AssertionError, "Expected 0 or more"):
            crop(L.Convolution(self.data, kernel_size=3), self.data)
        with self.assertRaisesRegex(AssertionError, "whole number"):
            crop(L.Convolution(self.data, kernel_size=2, pad=3), self.data)


if __name__ == "__main__":
    unittest.main()
