"""The schema as Python's protobuf has it."""

import copy
import pickle
import unittest

from google.protobuf import text_format

from caffe.proto import caffe_pb2


class TestSchema(unittest.TestCase):
    def test_enum_values_of_the_module(self):
        self.assertEqual((caffe_pb2.TRAIN, caffe_pb2.TEST), (0, 1))
        self.assertEqual(caffe_pb2.Phase.Name(1), "TEST")
        self.assertEqual(caffe_pb2.Phase.Value("TRAIN"), 0)

    def test_enums_of_messages(self):
        pooling = caffe_pb2.PoolingParameter
        self.assertEqual((pooling.MAX, pooling.AVE, pooling.STOCHASTIC), (0, 1, 2))
        self.assertEqual(pooling.PoolMethod.Name(1), "AVE")
        self.assertEqual(pooling.PoolMethod.DESCRIPTOR.values_by_name["STOCHASTIC"].number, 2)
        self.assertEqual(caffe_pb2.V1LayerParameter.LayerType.Value("INNER_PRODUCT"), 14)
        self.assertEqual(caffe_pb2._V1LAYERPARAMETER_LAYERTYPE.values_by_number[4].name, "CONVOLUTION")
        self.assertIs(caffe_pb2._NETPARAMETER, caffe_pb2.NetParameter.DESCRIPTOR)

    def test_defaults(self):
        layer = caffe_pb2.LayerParameter()
        self.assertEqual(layer.lrn_param.local_size, 5)
        self.assertEqual(layer.lrn_param.beta, 0.75)
        self.assertEqual(layer.pooling_param.stride, 1)
        self.assertTrue(layer.convolution_param.bias_term)
        self.assertEqual(layer.inner_product_param.weight_filler.type, "constant")
        self.assertEqual(caffe_pb2.NetState().phase, caffe_pb2.TEST)
        self.assertAlmostEqual(caffe_pb2.SolverParameter().delta, 1e-8, delta=1e-15)

    def test_what_is_set_and_what_is_default_are_told_apart(self):
        layer = caffe_pb2.LayerParameter()
        self.assertFalse(layer.HasField("phase"))
        self.assertFalse(layer.HasField("pooling_param"))
        layer.phase = caffe_pb2.TRAIN
        layer.pooling_param.pool = caffe_pb2.PoolingParameter.MAX
        self.assertTrue(layer.HasField("phase"))
        self.assertTrue(layer.pooling_param.HasField("pool"))
        self.assertFalse(layer.pooling_param.HasField("stride"))
        with self.assertRaises(ValueError):
            layer.HasField("no_such_field")

    def test_bytes_on_the_wire(self):
        self.assertEqual(caffe_pb2.BlobShape(dim=[2, 3]).SerializeToString(), b"\x0a\x02\x02\x03")
        self.assertEqual(
            caffe_pb2.Datum(label=7, float_data=[1]).SerializeToString(), b"\x28\x07\x35\x00\x00\x80\x3f"
        )
        packed = caffe_pb2.BlobProto(data=[1, 2]).SerializeToString()
        self.assertEqual(packed, b"\x2a\x08\x00\x00\x80\x3f\x00\x00\x00\x40")
        unpacked = b"\x2d\x00\x00\x80\x3f\x2d\x00\x00\x00\x40"
        self.assertEqual(list(caffe_pb2.BlobProto.FromString(unpacked).data), [1, 2])

    def test_text_there_and_back(self):
        text = """
            name: "n"
            layer {
              name: "conv" type: "Convolution" bottom: "data" top: "conv"
              param { lr_mult: 1 decay_mult: 0.5 }
              convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } }
              include { phase: TRAIN stage: "a" }
            }
            layer { name: "pool" type: "Pooling" pooling_param { pool: AVE global_pooling: true } }
        """
        net = text_format.Parse(text, caffe_pb2.NetParameter())
        self.assertEqual(list(net.layer[0].convolution_param.kernel_size), [3])
        self.assertEqual(net.layer[0].include[0].phase, caffe_pb2.TRAIN)
        self.assertEqual(net.layer[1].pooling_param.pool, caffe_pb2.PoolingParameter.AVE)
        again = text_format.Merge(str(net), caffe_pb2.NetParameter())
        self.assertEqual(again, net)
        self.assertEqual(caffe_pb2.NetParameter.FromString(net.SerializeToString()), net)

    def test_text_with_an_unknown_field_is_refused(self):
        with self.assertRaises(text_format.ParseError):
            text_format.Parse('layer { nam: "x" }', caffe_pb2.NetParameter())

    def test_fields_of_forks(self):
        layer = text_format.Parse(
            "detection_output_param { num_classes: 21 nms_param { nms_threshold: 0.45 } }",
            caffe_pb2.LayerParameter(),
        )
        self.assertEqual(layer.detection_output_param.num_classes, 21)

    def test_messages_can_be_copied_and_pickled(self):
        net = caffe_pb2.NetParameter(name="n")
        net.layer.add(name="a").top.append("t")
        self.assertEqual(copy.deepcopy(net), net)
        self.assertEqual(pickle.loads(pickle.dumps(net)), net)

    def test_another_schema_of_the_name_may_be_in_the_program(self):
        from google.protobuf import descriptor_pb2, descriptor_pool

        other = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe")
        other.message_type.add(name="Datum")
        descriptor_pool.Default().AddSerializedFile(other.SerializeToString())
        self.assertEqual(caffe_pb2.Datum(label=1).label, 1)


if __name__ == "__main__":
    unittest.main()
