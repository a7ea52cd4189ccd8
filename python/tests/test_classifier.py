"""Classifier: what becomes of an image on its way into the net, and of what comes out."""

import unittest

import numpy as np

import caffe
from nets import means_of_channels, temporary_folder


class TestClassifier(unittest.TestCase):
    def classifier(self, height=4, width=4, **options):
        return caffe.Classifier(*means_of_channels(temporary_folder(self), height, width), **options)

    def test_whole_images(self):
        made = self.classifier()
        self.assertEqual(made.image_dims.tolist(), [4, 4])
        images = [np.full((4, 4, 3), i / 8, dtype=np.float32) for i in range(6)]
        # Six images are more than a batch of the net.
        predictions = made.predict(images, oversample=False)
        self.assertEqual(predictions.shape, (6, 3, 1, 1))
        np.testing.assert_allclose(predictions[:, 1, 0, 0], [i / 8 for i in range(6)])

    def test_preparation(self):
        made = self.classifier(
            mean=np.array([10.0, 20.0, 30.0]), raw_scale=100, channel_swap=(2, 1, 0), input_scale=0.5
        )
        image = np.full((4, 4, 3), [0.1, 0.2, 0.5], dtype=np.float32)
        predictions = made.predict([image], oversample=False)
        np.testing.assert_allclose(predictions[0].ravel(), [20, 0, -10], atol=1e-5)

    def test_the_middle(self):
        made = self.classifier(height=2, width=2, image_dims=(5, 6))
        image = np.zeros((5, 6, 3), dtype=np.float32)
        image[1:3, 2:4] = 1
        np.testing.assert_allclose(made.predict([image], oversample=False).ravel(), [1, 1, 1])

    def test_ten_crops(self):
        made = self.classifier(height=2, width=2, image_dims=(4, 4))
        image = np.zeros((4, 4, 3), dtype=np.float32)
        # A corner is in one crop of five, and in its mirror.
        image[:2, :2] = [1, 0.5, 0]
        predictions = made.predict([image, image[::-1, ::-1]])
        self.assertEqual(predictions.shape, (2, 3))
        # The middle has a quarter of it.
        np.testing.assert_allclose(predictions, [[0.25, 0.125, 0]] * 2, atol=1e-6)

    def test_images_of_other_sizes(self):
        made = self.classifier(image_dims=[8, 8])
        image = np.random.RandomState(0).rand(16, 12, 3)
        direct = caffe.io.resize_image(image, (8, 8))[2:6, 2:6]
        np.testing.assert_allclose(
            made.predict([image], oversample=False).ravel(), direct.mean((0, 1)), rtol=1e-5
        )

    def test_image_dims_smaller_than_the_input(self):
        made = self.classifier(image_dims=(3, 5))
        for oversample in (False, True):
            with self.assertRaises(ValueError):
                made.predict([np.zeros((4, 4, 3))], oversample)


if __name__ == "__main__":
    unittest.main()
