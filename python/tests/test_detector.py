"""Detector: windows, their context, and what the net says of them."""

import sys
import types
import unittest
from unittest import mock

import numpy as np

import caffe
from nets import means_of_channels, temporary_folder, write_image


class TestDetector(unittest.TestCase):
    def detector(self, **options):
        return caffe.Detector(*means_of_channels(temporary_folder(self), 8, 8), **options)

    def test_windows_in_order(self):
        folder = temporary_folder(self)
        pixels = np.zeros((10, 20, 3))
        pixels[:, 10:] = [255, 51, 0]
        first = write_image(folder, "first.ppm", pixels)
        second = write_image(folder, "second.ppm", np.full((5, 5, 3), 102))
        windows = [[0, 0, 10, 10], [1, 10, 9, 20]]
        detections = self.detector().detect_windows(
            iter([(first, windows), (second, [np.array([0, 0, 5, 5])])])
        )
        self.assertEqual([one["filename"] for one in detections], [first, first, second])
        self.assertEqual([list(one["window"]) for one in detections], windows + [[0, 0, 5, 5]])
        np.testing.assert_allclose(
            [one["prediction"].ravel() for one in detections],
            [[0, 0, 0], [1, 0.2, 0], [0.4, 0.4, 0.4]],
            atol=1e-6,
        )

    def test_no_windows(self):
        self.assertEqual(self.detector().detect_windows([]), [])

    def test_crop_without_context(self):
        image = np.arange(300.0).reshape(10, 10, 3)
        crop = self.detector().crop(image, [2, 3, 6, 8])
        np.testing.assert_array_equal(crop, image[2:6, 3:8])

    def test_crop_with_context(self):
        detector = self.detector(context_pad=2)
        self.assertEqual(detector.crop_dims.tolist(), [8, 8, 3])
        image = np.full((40, 40, 3), 0.5, dtype=np.float32)
        image[18:22] = 1
        # The window's 10 rows are to be 4 of 8: 20 are shown, from row 10 on.
        crop = detector.crop(image, np.array([15, 15, 24, 24]))
        self.assertEqual(crop.shape, (8, 8, 3))
        np.testing.assert_allclose(
            crop, caffe.io.resize_image(image[10:30, 10:30], (8, 8)), atol=1e-6
        )

    def test_the_mean_surrounds_the_image(self):
        detector = self.detector(
            context_pad=2, mean=np.array([10.0, 20.0, 30.0]), raw_scale=100, channel_swap=[2, 1, 0]
        )
        np.testing.assert_allclose(detector.crop_mean, [[[0.3, 0.2, 0.1]]])
        crop = detector.crop(np.ones((20, 20, 3)), np.array([0, 0, 9, 9]))
        np.testing.assert_allclose(crop[0, 7], [0.3, 0.2, 0.1])
        np.testing.assert_allclose(crop[2:, 2:], 1)
        prepared = detector.transformer.preprocess("data", crop)
        np.testing.assert_allclose(prepared[:, 0, 0], 0, atol=1e-5)
        self.assertEqual((self.detector(context_pad=1).crop_mean == 0).all(), True)

    def test_windows_that_cannot_be(self):
        image = np.ones((10, 10, 3))
        for context_pad in (None, 2):
            with self.assertRaisesRegex(ValueError, "of 10x10 has no pixels"):
                self.detector(context_pad=context_pad).crop(image, [40, 40, 45, 45])
        with self.assertRaisesRegex(ValueError, "context_pad is 4"):
            self.detector(context_pad=4)

    def test_selective_search(self):
        detector = self.detector()
        with mock.patch.dict(sys.modules, selective_search_ijcv_with_python=None):
            with self.assertRaisesRegex(ImportError, "detect_windows"):
                detector.detect_selective_search(["cat.jpg"])
        path = write_image(temporary_folder(self), "grey.ppm", np.full((6, 6, 3), 51))
        found = types.SimpleNamespace(
            get_windows=lambda files, cmd: [np.array([[0, 0, 3, 3], [1, 1, 6, 6]]) for _ in files]
        )
        with mock.patch.dict(sys.modules, selective_search_ijcv_with_python=found):
            detections = detector.detect_selective_search([path])
        self.assertEqual([one["filename"] for one in detections], [path, path])
        np.testing.assert_allclose(detections[1]["prediction"].ravel(), [0.2] * 3, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
