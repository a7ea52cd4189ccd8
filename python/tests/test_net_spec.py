"""Nets written in Python."""

import copy
import unittest

from google.protobuf import text_format

from caffe.net_spec import NetSpec, Top, layers as L, param_name_dict, params as P, to_proto
from caffe.proto import caffe_pb2


def net(text):
    return text_format.Parse(text, caffe_pb2.NetParameter())


class TestNames(unittest.TestCase):
    def test_attributes_name_layers_and_blobs(self):
        n = NetSpec()
        n.data, n.label = L.DummyData(shape=[dict(dim=[2, 3]), dict(dim=2)], ntop=2)
        n.ip = L.InnerProduct(n.data, num_output=4)
        n["relu"] = L.ReLU(n["ip"], in_place=True)
        n.loss = L.SoftmaxWithLoss(n.relu, n.label)
        self.assertEqual(
            n.to_proto(),
            net("""
                layer { name: "data" type: "DummyData" top: "data" top: "label"
                    dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 } } }
                layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
                    inner_product_param { num_output: 4 } }
                layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
                layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            """),
        )

    def test_what_has_no_name_is_counted_by_type(self):
        data, label = L.DummyData(ntop=2)
        first = L.InnerProduct(data)
        second = L.InnerProduct(L.ReLU(first, in_place=True))
        made = L.SoftmaxWithLoss(second, label).to_proto()
        self.assertEqual(
            [(layer.name, list(layer.bottom), list(layer.top)) for layer in made.layer],
            [
                ("DummyData1", [], ["DummyData1", "DummyData2"]),
                ("InnerProduct1", ["DummyData1"], ["InnerProduct1"]),
                ("ReLU1", ["InnerProduct1"], ["InnerProduct1"]),
                ("InnerProduct2", ["InnerProduct1"], ["InnerProduct2"]),
                (
                    "SoftmaxWithLoss1",
                    ["InnerProduct2", "DummyData2"],
                    ["SoftmaxWithLoss1"],
                ),
            ],
        )

    def test_layers_without_tops(self):
        n = NetSpec()
        n.data, n.more = L.DummyData(ntop=2)
        n.quiet = L.Silence(n.data, ntop=0)
        L.Silence(n.more, ntop=0)
        made = n.to_proto()
        self.assertEqual([layer.name for layer in made.layer], ["data", "quiet"])
        self.assertEqual(list(made.layer[1].top), [])

    def test_layers_stand_once_and_after_what_they_read(self):
        n = NetSpec()
        data = L.Input(shape=dict(dim=[1, 2]))
        n.sum = L.Eltwise(L.ReLU(data), L.TanH(data))
        n.data = data
        self.assertEqual(
            [layer.name for layer in n.to_proto().layer], ["data", "ReLU1", "TanH1", "sum"]
        )

    def test_name_as_a_parameter(self):
        made = L.Input(name="image", shape=dict(dim=1)).to_proto()
        self.assertEqual((made.layer[0].name, made.layer[0].top[0]), ("image", "Input1"))

    def test_tops_that_are_not_there(self):
        n = NetSpec()
        with self.assertRaises(KeyError):
            n.conv
        with self.assertRaises(KeyError):
            n["conv"]
        self.assertFalse(hasattr(n, "conv"))
        n.data = L.Input()
        self.assertEqual(list(copy.copy(n).tops), ["data"])


    def test_what_forks_have_besides(self):
        n = NetSpec()
        n.data = L.Input(shape=dict(dim=1))
        n.ip = L.InnerProduct(n.data, num_output=1)
        n.more = L.ReLU(n.ip)
        self.assertEqual((n.keys(), n.vals()[0]), (["data", "ip", "more"], n.data))
        n.update("ip", dict(num_output=5, param=[dict(lr_mult=0)]))
        del n["more"]
        made = n.to_proto()
        self.assertEqual([layer.name for layer in made.layer], ["data", "ip"])
        self.assertEqual(made.layer[1].inner_product_param.num_output, 5)
        self.assertEqual(made.layer[1].param[0].lr_mult, 0)
        n.update = n.ip
        self.assertIs(n.update, n.ip)


class TestParameters(unittest.TestCase):
    def layer(self, top):
        return top.to_proto().layer[-1]

    def test_lists_dicts_and_single_values(self):
        data = L.Input()
        layer = self.layer(
            L.Convolution(
                data,
                num_output=8,
                kernel_size=3,
                pad=[1, 2],
                stride=(2, 1),
                weight_filler=dict(type="gaussian", std=0.5),
                param=[dict(lr_mult=1), dict(lr_mult=2, decay_mult=0)],
            )
        )
        self.assertEqual(
            layer,
            net("""layer { name: "Convolution1" type: "Convolution" bottom: "Input1" top: "Convolution1"
                param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
                convolution_param { num_output: 8 kernel_size: 3 pad: 1 pad: 2 stride: 2 stride: 1
                    weight_filler { type: "gaussian" std: 0.5 } } }""").layer[0],
        )

    def test_fields_of_the_layer_itself(self):
        data, label = L.Input(ntop=2)
        layer = self.layer(
            L.SoftmaxWithLoss(
                data,
                label,
                loss_weight=2,
                propagate_down=[True, False],
                include=dict(phase=caffe_pb2.TRAIN),
                loss_param=dict(ignore_label=255),
            )
        )
        self.assertEqual(list(layer.loss_weight), [2])
        self.assertEqual(list(layer.propagate_down), [True, False])
        self.assertEqual(layer.include[0].phase, caffe_pb2.TRAIN)
        self.assertEqual(layer.loss_param.ignore_label, 255)

    def test_whole_numbers_of_divisions(self):
        layer = self.layer(L.Convolution(L.Input(), num_output=16 / 2, pad=[4 / 2, 0]))
        self.assertEqual(layer.convolution_param.num_output, 8)
        self.assertEqual(list(layer.convolution_param.pad), [2, 0])
        with self.assertRaises(TypeError):
            L.Convolution(L.Input(), num_output=5 / 2).to_proto()

    def test_a_message_by_its_own_name(self):
        layer = self.layer(L.Deconvolution(L.Input(), convolution_param=dict(kernel_size=[4])))
        self.assertEqual(list(layer.convolution_param.kernel_size), [4])

    def test_constants(self):
        self.assertEqual(P.Pooling.AVE, caffe_pb2.PoolingParameter.AVE)
        self.assertEqual(P.Data.LMDB, 1)
        layer = self.layer(L.Eltwise(L.Input(), operation=P.Eltwise.MAX))
        self.assertEqual(layer.eltwise_param.operation, caffe_pb2.EltwiseParameter.MAX)
        with self.assertRaises(AttributeError):
            P.Pooling.MEDIAN

    def test_names_of_the_parameters_by_type(self):
        names = param_name_dict()
        self.assertEqual(names["InnerProduct"], "inner_product")
        self.assertEqual(names["ReLU"], "relu")
        self.assertEqual(names["Transformation"], "transform")
        self.assertEqual(names["PriorBox"], "prior_box")

    def test_what_cannot_be_set(self):
        data = L.Input()
        with self.assertRaisesRegex(AttributeError, "'Convolution1'.*'kernelsize'.*kernel_size"):
            L.Convolution(data, kernelsize=3).to_proto()
        with self.assertRaisesRegex(AttributeError, r"_param=dict\(kernel_size="):
            L.Deconvolution(data, kernel_size=3).to_proto()
        with self.assertRaises(AttributeError):
            L.Convolution(data, weight_filler=dict(typ="xavier")).to_proto()
        with self.assertRaises(TypeError):
            L.InnerProduct(data, num_output="many").to_proto()
        with self.assertRaises(TypeError):
            L.InnerProduct(data, num_output=[1, 2]).to_proto()

    def test_inputs_are_tops(self):
        pair = L.DummyData(ntop=2)
        with self.assertRaisesRegex(TypeError, "Concat input 1 is not a Top.*tuple"):
            L.Concat(pair[0], pair)
        self.assertIsInstance(L.Concat(*pair), Top)


if __name__ == "__main__":
    unittest.main()
