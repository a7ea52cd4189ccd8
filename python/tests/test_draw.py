"""Pictures of nets. Graphs need pydot, pictures Graphviz: where they are missing, their tests are skipped."""

import os
import shutil
import sys
import unittest
from unittest import mock

from google.protobuf import text_format

import caffe.draw
from caffe.proto import caffe_pb2
from nets import temporary_folder

NET = """
    name: "small"
    layer { name: "data" type: "Data" top: "data" top: "label" data_param { batch_size: 8 } include { phase: TRAIN } }
    layer { name: "input" type: "Input" top: "data" include { phase: TEST } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" param { lr_mult: 1 } param { lr_mult: 2 }
        convolution_param { num_output: 20 kernel_size: 5 stride: 2 pad: 1 } }
    layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
    layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
        pooling_param { pool: AVE kernel_h: 2 kernel_w: 3 stride: 2 } }
    layer { name: "ip:1" type: "InnerProduct" bottom: "pool" top: "ip:1" inner_product_param { num_output: 10 } }
"""

try:
    caffe.draw._pydot()
    HAS_PYDOT = True
except ImportError:
    HAS_PYDOT = False


def parse(text):
    return text_format.Parse(text, caffe_pb2.NetParameter())


class TestLabels(unittest.TestCase):
    def setUp(self):
        self.layers = {layer.name: layer for layer in parse(NET).layer}

    def test_pooling_types(self):
        names = caffe.draw.get_pooling_types_dict()
        self.assertEqual([names[i] for i in range(3)], ["MAX", "AVE", "STOCHASTIC"])

    def test_edges(self):
        labels = [caffe.draw.get_edge_label(layer) for layer in self.layers.values()]
        self.assertEqual(labels, ["Batch 8", '""', "20", '""', '""', "10"])

    def test_layers(self):
        label = caffe.draw.get_layer_label
        self.assertEqual(
            label(self.layers["conv"], "LR"),
            r'"conv\n(Convolution)\nkernel size: 5\nstride: 2\npad: 1"',
        )
        self.assertEqual(
            label(self.layers["conv"], "TB", display_lrm=True),
            '"conv (Convolution) kernel size: 5 stride: 2 pad: 1 lr mult: 1.0, 2.0"',
        )
        self.assertEqual(
            label(self.layers["pool"], "BT"), '"pool (Pooling AVE) kernel size: 2x3 stride: 2 pad: 0"'
        )
        self.assertEqual(label(self.layers["relu"], "TB", display_lrm=True), '"relu (ReLU)"')
        plain = caffe_pb2.LayerParameter(name="c", type="Convolution")
        self.assertEqual(label(plain, "TB"), '"c (Convolution) kernel size: 1 stride: 1 pad: 0"')

    def test_factors_of_the_learning_rate(self):
        self.assertEqual(caffe.draw.get_layer_lr_mult(self.layers["conv"]), (1, 2))
        self.assertEqual(caffe.draw.get_layer_lr_mult(self.layers["ip:1"]), (1, 1))
        self.layers["ip:1"].param.add(lr_mult=0.5)
        self.assertEqual(caffe.draw.get_layer_lr_mult(self.layers["ip:1"]), (0.5, 1))
        with self.assertRaises(ValueError):
            caffe.draw.get_layer_lr_mult(self.layers["relu"])
        self.layers["conv"].param.add()
        with self.assertRaisesRegex(ValueError, "3 of param"):
            caffe.draw.get_layer_lr_mult(self.layers["conv"])

    def test_colours(self):
        colours = [caffe.draw.choose_color_by_layertype(one.type) for one in self.layers.values()]
        self.assertEqual(colours[:3], ["#6495ED", "#6495ED", "#FF5050"])
        self.assertEqual(colours[4:], ["#FF9900", "#CC33FF"])

    def test_without_pydot(self):
        with mock.patch.dict(sys.modules, pydot=None, pydotplus=None):
            with self.assertRaisesRegex(ImportError, "pip install pydot"):
                caffe.draw.draw_net(parse(NET), "LR")


@unittest.skipUnless(HAS_PYDOT, "pydot is not installed")
class TestGraphs(unittest.TestCase):
    def graph(self, **options):
        return caffe.draw.get_pydot_graph(parse(NET), "TB", **options)

    def names(self, **options):
        return {node.get_name().strip('"').split(" ")[0] for node in self.graph(**options).get_nodes()}

    def test_nodes_and_edges(self):
        graph = self.graph()
        self.assertEqual((graph.get_name(), graph.get_rankdir()), ("small", "TB"))
        self.assertEqual(len(graph.get_nodes()), 6 + 5)
        edges = [(edge.get_source(), edge.get_destination(), edge.get_label()) for edge in graph.get_edges()]
        self.assertEqual(len(edges), 7 + 4)
        conv = '"conv (Convolution) kernel size: 5 stride: 2 pad: 1"'
        self.assertIn((conv, "conv", "20"), edges)
        self.assertIn(("data", conv, '""'), edges)
        plain = self.graph(label_edges=False)
        self.assertEqual({edge.get_label() for edge in plain.get_edges()}, {'""'})

    def test_styles(self):
        nodes = {node.get_name().strip('"').split(" ")[0]: node for node in self.graph().get_nodes()}
        self.assertEqual(nodes["relu"].get_fillcolor(), "#90EE90")
        self.assertEqual(nodes["input"].get_fillcolor(), "#6495ED")
        self.assertEqual(nodes["pool"].get_fillcolor().strip('"'), "#E0E0E0")

    def test_phases(self):
        self.assertIn("label", self.names(phase=caffe_pb2.TRAIN))
        self.assertNotIn("input", self.names(phase=caffe_pb2.TRAIN))
        self.assertIn("input", self.names(phase=caffe_pb2.TEST))
        self.assertNotIn("label", self.names(phase=caffe_pb2.TEST))
        net = parse("""
            layer { name: "a" type: "Input" top: "x" include { stage: "deploy" } }
            layer { name: "b" type: "ReLU" bottom: "x" top: "y" exclude { phase: TEST } }
        """)
        for phase, wanted in ((caffe_pb2.TEST, 2), (caffe_pb2.TRAIN, 4)):
            graph = caffe.draw.get_pydot_graph(net, "LR", phase=phase)
            self.assertEqual(len(graph.get_nodes()), wanted)
        net.layer[1].include.add(phase=caffe_pb2.TRAIN)
        with self.assertRaisesRegex(ValueError, "'b' has both include and exclude"):
            caffe.draw.draw_net(net, "LR", phase=caffe_pb2.TEST)

    def test_text_and_files(self):
        text = caffe.draw.draw_net(parse(NET), "LR", "raw").decode()
        self.assertIn("digraph small", text)
        path = os.path.join(temporary_folder(self), "net.raw")
        caffe.draw.draw_net_to_file(parse(NET), path)
        with open(path) as file:
            self.assertEqual(file.read(), text)

    def test_without_graphviz(self):
        with mock.patch.dict(os.environ, PATH=temporary_folder(self)):
            with self.assertRaisesRegex(FileNotFoundError, "install graphviz"):
                caffe.draw.draw_net(parse(NET), "LR")

    @unittest.skipUnless(shutil.which("dot"), "Graphviz is not installed")
    def test_pictures(self):
        self.assertEqual(caffe.draw.draw_net(parse(NET), "LR")[:4], b"\x89PNG")
        path = os.path.join(temporary_folder(self), "net.svg")
        caffe.draw.draw_net_to_file(parse(NET), path, rankdir="BT", phase=caffe_pb2.TEST)
        with open(path) as file:
            picture = file.read()
        self.assertIn("<svg", picture)
        self.assertIn("ip:1", picture)


if __name__ == "__main__":
    unittest.main()
