"""caffe.io: images, the transformer, messages."""

import builtins
import os
import struct
import sys
import tempfile
import types
import unittest
import zlib
from unittest import mock

import numpy as np

import caffe.io
from caffe.proto import caffe_pb2


def without(*modules):
    """Makes these modules ones that are not installed."""
    real = builtins.__import__

    def importing(name, *args, **kwargs):
        if name.split(".")[0] in modules:
            raise ImportError("No module named %r" % name)
        return real(name, *args, **kwargs)

    return mock.patch.object(builtins, "__import__", importing)


def png(pixels):
    """The bytes of a PNG of an array of bytes or of 16 bits, with 1 to 4 channels."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    bits = 8 * pixels.dtype.itemsize
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, (0, 4, 2, 6)[channels - 1], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    )


try:
    import PIL  # noqa: F401

    HAS_PILLOW = True
except ImportError:
    HAS_PILLOW = False


class TestMessages(unittest.TestCase):
    def test_blob_there_and_back(self):
        data = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
        blob = caffe.io.array_to_blobproto(data, diff=-data)
        self.assertEqual(list(blob.shape.dim), [2, 3, 4])
        np.testing.assert_array_equal(caffe.io.blobproto_to_array(blob), data)
        np.testing.assert_array_equal(caffe.io.blobproto_to_array(blob, return_diff=True), -data)

    def test_blob_of_four_lengths(self):
        blob = caffe_pb2.BlobProto(channels=2, num=1, height=1, width=3, data=range(6))
        self.assertEqual(caffe.io.blobproto_to_array(blob).shape, (1, 2, 1, 3))

    def test_blob_of_doubles(self):
        blob = caffe_pb2.BlobProto(double_data=[0.1, 0.2])
        blob.shape.dim.append(2)
        np.testing.assert_array_equal(caffe.io.blobproto_to_array(blob), [0.1, 0.2])

    def test_blob_of_no_axes(self):
        self.assertEqual(caffe.io.blobproto_to_array(caffe_pb2.BlobProto(data=[5])).shape, ())

    def test_blob_that_does_not_fit_its_shape(self):
        with self.assertRaises(ValueError):
            caffe.io.blobproto_to_array(caffe_pb2.BlobProto(data=[1, 2]))
        with self.assertRaises(ValueError):
            caffe.io.blobproto_to_array(caffe_pb2.BlobProto(num=3, data=[1, 2]))

    def test_lists_of_blobs(self):
        arrays = [np.ones((2, 3)), np.zeros(4)]
        back = caffe.io.blobprotovector_str_to_arraylist(
            caffe.io.arraylist_to_blobprotovector_str(arrays)
        )
        self.assertEqual([arr.tolist() for arr in back], [arr.tolist() for arr in arrays])

    def test_datum_of_bytes(self):
        pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
        datum = caffe.io.array_to_datum(pixels, 9)
        self.assertEqual((datum.channels, datum.height, datum.width, datum.label), (2, 3, 4, 9))
        self.assertEqual(datum.data, bytes(range(24)))
        back = caffe.io.datum_to_array(datum)
        self.assertEqual(back.dtype, np.uint8)
        back += 1
        np.testing.assert_array_equal(back, pixels + 1)

    def test_datum_of_floats(self):
        datum = caffe.io.array_to_datum(np.full((1, 2, 2), 0.5))
        self.assertFalse(datum.HasField("label"))
        self.assertEqual(list(datum.float_data), [0.5] * 4)
        np.testing.assert_array_equal(caffe.io.datum_to_array(datum), np.full((1, 2, 2), 0.5))

    def test_datums_that_cannot_be(self):
        with self.assertRaisesRegex(ValueError, r"shape \(2, 3\)"):
            caffe.io.array_to_datum(np.zeros((2, 3)))
        with self.assertRaisesRegex(ValueError, "image file"):
            caffe.io.datum_to_array(caffe_pb2.Datum(encoded=True, data=b"\xff\xd8"))


class TestTransformer(unittest.TestCase):
    def setUp(self):
        self.transformer = caffe.io.Transformer({"data": (10, 3, 2, 2)})
        self.image = np.arange(12, dtype=np.float32).reshape(2, 2, 3) / 10

    def test_order_of_the_steps(self):
        self.transformer.set_transpose("data", (2, 0, 1))
        self.transformer.set_channel_swap("data", (2, 1, 0))
        self.transformer.set_raw_scale("data", 10)
        self.transformer.set_mean("data", np.array([1.0, 2.0, 3.0]))
        self.transformer.set_input_scale("data", 0.5)
        made = self.transformer.preprocess("data", self.image)
        self.assertEqual(made.dtype, np.float32)
        # Blue of the first pixel is 2, less its mean 1, halved; green 1 - 2; red 0 - 3.
        np.testing.assert_allclose(made[:, 0, 0], [0.5, -0.5, -1.5], atol=1e-6)
        np.testing.assert_allclose(made[:, 1, 1], [5, 4, 3], atol=1e-6)
        back = self.transformer.deprocess("data", made[np.newaxis])
        np.testing.assert_allclose(back, self.image, atol=1e-6)

    def test_the_image_is_left_as_it_is(self):
        before = self.image.copy()
        self.transformer.set_raw_scale("data", 255)
        made = self.transformer.preprocess("data", self.image)
        np.testing.assert_array_equal(self.image, before)
        self.transformer.deprocess("data", made)
        np.testing.assert_allclose(made, before * 255)

    def test_nothing_set_is_only_the_size(self):
        np.testing.assert_array_equal(self.transformer.preprocess("data", self.image), self.image)
        large = self.transformer.preprocess("data", np.zeros((4, 6, 3)))
        self.assertEqual(large.shape, (2, 2, 3))

    def test_a_mean_image_of_another_size(self):
        rows = np.array([0.0, 0.0, 30.0, 30.0])
        mean = np.broadcast_to(rows[:, np.newaxis], (3, 4, 4)).copy()
        self.transformer.set_mean("data", mean)
        np.testing.assert_allclose(
            self.transformer.mean["data"], np.broadcast_to([[0.0], [30.0]], (3, 2, 2))
        )
        self.transformer.set_mean("data", np.full((3, 4, 4), 7.0))
        np.testing.assert_allclose(self.transformer.mean["data"], np.full((3, 2, 2), 7.0))

    def test_a_mean_image_of_one_channel(self):
        grey = caffe.io.Transformer({"data": (1, 1, 2, 2)})
        grey.set_transpose("data", (2, 0, 1))
        grey.set_mean("data", np.array([[1.0, 2.0], [3.0, 4.0]]))
        made = grey.preprocess("data", np.full((2, 2, 1), 5))
        np.testing.assert_array_equal(made, [[[4, 3], [2, 1]]])

    def test_what_does_not_fit(self):
        with self.assertRaisesRegex(Exception, "'label' is no input.*data"):
            self.transformer.preprocess("label", self.image)
        with self.assertRaisesRegex(Exception, "has 2 axes. Expected 3"):
            self.transformer.set_transpose("data", (1, 0))
        with self.assertRaisesRegex(Exception, "has 1 channels. Expected 3"):
            self.transformer.set_channel_swap("data", (0,))
        with self.assertRaisesRegex(ValueError, "has 2 values. Expected 3"):
            self.transformer.set_mean("data", np.zeros(2))
        with self.assertRaisesRegex(ValueError, "has shape"):
            self.transformer.set_mean("data", np.zeros((1, 3, 2, 2)))
        for name in ("raw_scale", "input_scale"):
            with self.assertRaisesRegex(Exception, "no input"):
                getattr(self.transformer, "set_" + name)("prob", 1)


class TestResize(unittest.TestCase):
    def test_half_and_double(self):
        row = np.array([0.0, 2.0, 4.0, 6.0]).reshape(1, 4, 1)
        np.testing.assert_allclose(caffe.io.resize_image(row, (1, 2)).ravel(), [1, 5])
        # The outermost quarter pixels lie beyond the image, where its least value is.
        pair = np.array([1.0, 5.0]).reshape(1, 2, 1)
        np.testing.assert_allclose(caffe.io.resize_image(pair, (1, 4)).ravel(), [1, 2, 4, 4])

    def test_nearest(self):
        row = np.array([0.0, 2.0, 4.0, 6.0]).reshape(1, 4, 1)
        made = caffe.io.resize_image(row, (2, 2), interp_order=0)
        np.testing.assert_array_equal(made[:, :, 0], [[2, 6], [2, 6]])

    def test_other_numbers_of_channels_keep_their_corners(self):
        row = np.array([0.0, 3.0]).reshape(1, 2, 1).repeat(2, axis=2)
        made = caffe.io.resize_image(row, (1, 4))
        np.testing.assert_allclose(made[0, :, 1], [0, 1, 2, 3])
        whole = caffe.io.resize_image(row.astype(np.uint8), (1, 3))
        np.testing.assert_array_equal(whole[0, :, 0], [0, 2, 3])

    def test_constant_images_stay_so(self):
        made = caffe.io.resize_image(np.full((3, 3, 3), 0.25), (7, 5))
        self.assertEqual((made.shape, made.dtype), ((7, 5, 3), np.float32))
        self.assertTrue((made == 0.25).all())

    def test_images_of_bytes(self):
        made = caffe.io.resize_image(np.array([[[0], [255]]], dtype=np.uint8), (1, 1))
        np.testing.assert_allclose(made, [[[127.5]]])

    def test_axes(self):
        with self.assertRaisesRegex(ValueError, r"shape \(4, 4\)"):
            caffe.io.resize_image(np.zeros((4, 4)), (2, 2))

    def test_splines_need_a_library(self):
        image = np.arange(12.0).reshape(2, 2, 3)
        with without("skimage", "scipy"):
            with self.assertRaisesRegex(ImportError, "pip install scikit-image"):
                caffe.io.resize_image(image, (4, 4), interp_order=3)
            with self.assertRaisesRegex(ImportError, "pip install scipy"):
                caffe.io.resize_image(image[:, :, :2], (4, 4), interp_order=3)

    def test_as_scikit_image_and_scipy_do_it(self):
        try:
            from scipy.ndimage import zoom
            from skimage.transform import resize
        except ImportError:
            self.skipTest("scikit-image is not installed")
        random = np.random.RandomState(1)
        for shape, dims in (((7, 5, 3), (11, 3)), ((9, 9, 1), (4, 20)), ((256, 200, 3), (64, 50))):
            for order in (0, 1):
                image = random.rand(*shape)
                low, high = image.min(), image.max()
                unit = resize(
                    (image - low) / (high - low), dims, order=order, mode="constant", anti_aliasing=False
                )
                made = caffe.io.resize_image(image, dims, order)
                np.testing.assert_allclose(made, unit * (high - low) + low, atol=1e-6)
                pair = np.concatenate([image, image], axis=2)
                scale = [dims[0] / shape[0], dims[1] / shape[1], 1]
                made = caffe.io.resize_image(pair, dims, order)
                np.testing.assert_allclose(made, zoom(pair, scale, order=order), atol=1e-6)


class TestOversample(unittest.TestCase):
    def test_places_and_mirrors(self):
        images = [np.arange(20.0).reshape(4, 5, 1), np.arange(20.0).reshape(4, 5, 1) + 100]
        crops = caffe.io.oversample(images, (2, 2))
        self.assertEqual((crops.shape, crops.dtype), ((20, 2, 2, 1), np.float32))
        self.assertEqual(crops[:10, 0, 0, 0].tolist(), [0, 3, 10, 13, 6, 1, 4, 11, 14, 7])
        np.testing.assert_array_equal(crops[5:10], crops[:5, :, ::-1])
        np.testing.assert_array_equal(crops[10:], crops[:10] + 100)

    def test_crops_that_are_too_large(self):
        with self.assertRaisesRegex(ValueError, "5x5 of images of 4x6"):
            caffe.io.oversample([np.zeros((4, 6, 3))], np.array([5, 5]))


@unittest.skipUnless(HAS_PILLOW, "Pillow is not installed")
class TestLoadImage(unittest.TestCase):
    def load(self, pixels, **options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "image.png")
            with open(path, "wb") as file:
                file.write(png(pixels))
            made = caffe.io.load_image(path, **options)
        self.assertEqual(made.dtype, np.float32)
        return made

    def test_colours(self):
        pixels = np.array([[[255, 0, 51], [0, 102, 0]]], dtype=np.uint8)
        np.testing.assert_allclose(self.load(pixels), [[[1, 0, 0.2], [0, 0.4, 0]]])
        grey = self.load(pixels, color=False)
        np.testing.assert_allclose(grey, [[[0.2125 + 0.2 * 0.0721], [0.4 * 0.7154]]], rtol=1e-6)

    def test_grey(self):
        pixels = np.array([[0, 51], [102, 255]], dtype=np.uint8)
        wanted = np.array([[0, 0.2], [0.4, 1]])[:, :, np.newaxis]
        np.testing.assert_allclose(self.load(pixels, color=False), wanted)
        np.testing.assert_allclose(self.load(pixels), wanted.repeat(3, axis=2))

    def test_alpha(self):
        pixels = np.array([[[255, 0, 51, 0], [51, 51, 51, 255]]], dtype=np.uint8)
        np.testing.assert_allclose(self.load(pixels), [[[1, 0, 0.2], [0.2, 0.2, 0.2]]])
        np.testing.assert_allclose(self.load(pixels, color=False), [[[1], [0.2]]], rtol=1e-6)
        np.testing.assert_allclose(self.load(pixels[:, :, 2:]), [[[0.2] * 3, [0.2] * 3]])

    def test_sixteen_bits(self):
        pixels = np.array([[0, 13107, 65535]], dtype=np.uint16)
        np.testing.assert_allclose(self.load(pixels, color=False)[0, :, 0], [0, 0.2, 1])

    def test_without_a_library(self):
        with without("PIL"):
            with self.assertRaisesRegex(ImportError, "cat.jpg.*pip install Pillow"):
                caffe.io.load_image("cat.jpg")

    def test_what_is_no_image(self):
        with self.assertRaises(FileNotFoundError):
            caffe.io.load_image("no/such/file.png")
        with without("skimage"), self.assertRaises(OSError):
            caffe.io.load_image(__file__)

    def test_what_only_scikit_image_knows(self):
        pixels = np.array([[[255, 0, 51]]], dtype=np.uint8)
        skimage = types.SimpleNamespace(imread=lambda name: pixels)
        with mock.patch.dict(sys.modules, {"skimage": types.ModuleType("skimage"), "skimage.io": skimage}):
            made = caffe.io.load_image("http://example.org/cat.jpg")
        np.testing.assert_allclose(made, [[[1, 0, 0.2]]])


if __name__ == "__main__":
    unittest.main()
