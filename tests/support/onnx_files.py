"""Writes small nets of each kind as files of ONNX whose weights are left out: python3 tests/support/onnx_files.py tests/onnx/import/files

It needs PyTorch, torchvision and onnx. Tests fill the weights in from a seed, by the names and shapes that stand in the files.
"""

import os
import sys
import warnings

import onnx
import torch
import torchvision.models as models
from torch import nn
from torchvision.models import densenet, mobilenetv3, regnet, resnet, segmentation, shufflenetv2
from torchvision.models.googlenet import Inception
from torchvision.models.inception import InceptionC

warnings.filterwarnings("ignore")
CLASSES = 5


class Scores(nn.Module):
    """The first output of a net that gives several by name."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)["out"]


def narrow_resnet(**options):
    block = options.pop("block", resnet.Bottleneck)
    net = resnet.ResNet(block, [1, 1, 1, 1], **options)
    net.layer3 = net.layer4 = nn.Identity()
    net.fc = nn.Linear(128 * block.expansion, CLASSES)
    return net


def mobilenet_v3():
    setting, last = mobilenetv3._mobilenet_v3_conf("mobilenet_v3_small", width_mult=0.25)
    return mobilenetv3.MobileNetV3(setting[:5], 32, num_classes=CLASSES)


def efficientnet():
    from torchvision.models.efficientnet import EfficientNet, MBConvConfig

    setting = [MBConvConfig(1, 3, 1, 8, 8, 1), MBConvConfig(4, 5, 2, 8, 16, 2)]
    return EfficientNet(setting, 0.2, num_classes=CLASSES, last_channel=32)


def regnet_y():
    params = regnet.BlockParams.from_init_params(depth=4, w_0=16, w_a=8.0, w_m=2.0, group_width=8, se_ratio=0.25)
    return regnet.RegNet(params, num_classes=CLASSES)


def squeezenet():
    net = models.squeezenet1_1(num_classes=CLASSES)
    net.features = net.features[:4]
    net.classifier[1] = nn.Conv2d(128, CLASSES, 1)
    return net


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 8, 11, stride=4, padding=2), nn.ReLU(True),
        nn.MaxPool2d(3, 2), nn.Conv2d(8, 12, 5, padding=2), nn.ReLU(True),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Dropout(), nn.Linear(12, 16), nn.ReLU(True), nn.Linear(16, CLASSES))


def vgg():
    layers = models.vgg.make_layers([8, "M", 12, "M", 16, 16, "M"], batch_norm=True)
    return nn.Sequential(layers, nn.Flatten(), nn.Linear(16 * 4 * 4, CLASSES))


def inception():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.MaxPool2d(3, 2, ceil_mode=True),
        Inception(16, 8, 4, 8, 4, 8, 8), nn.MaxPool2d(2, 2, ceil_mode=True),
        InceptionC(32, channels_7x7=4),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(768, CLASSES))


class Head(nn.Module):
    """A segmenter: features of half the size, a head, and scores as large as the image."""

    def __init__(self, head):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.head = head

    def forward(self, x):
        y = self.head(self.stem(x))
        return nn.functional.interpolate(y, size=x.shape[-2:], mode="bilinear", align_corners=False)


def unet():
    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Conv2d(3, 8, 3, padding=1)
            self.inner = nn.Conv2d(8, 8, 3, padding=1)
            self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)
            self.last = nn.Conv2d(16, CLASSES, 1)

        def forward(self, x):
            a = torch.relu(self.down(x))
            b = torch.relu(self.inner(nn.functional.max_pool2d(a, 2)))
            return self.last(torch.cat([a, self.up(b)], 1)).softmax(1)

    return UNet()


NETS = {
    "alexnet": alexnet,
    "vgg": vgg,
    "resnet": lambda: narrow_resnet(block=resnet.BasicBlock, width_per_group=64),
    "resnext": lambda: narrow_resnet(groups=32, width_per_group=4),
    "wide_resnet": lambda: narrow_resnet(width_per_group=128),
    "squeezenet": squeezenet,
    "densenet": lambda: densenet.DenseNet(8, (2, 2), 16, num_classes=CLASSES),
    "inception": inception,
    "mobilenet_v2": lambda: models.MobileNetV2(CLASSES, 0.25, [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 2, 2]]),
    "mobilenet_v3": mobilenet_v3,
    "shufflenet_v2": lambda: shufflenetv2.ShuffleNetV2([2, 2, 2], [8, 16, 32, 64, 64], num_classes=CLASSES),
    "mnasnet": lambda: models.MNASNet(0.1, CLASSES),
    "efficientnet": efficientnet,
    "regnet": regnet_y,
    "fcn": lambda: Head(segmentation.fcn.FCNHead(16, CLASSES)),
    "deeplab": lambda: Head(nn.Sequential(segmentation.deeplabv3.ASPP(16, [2, 4], 12), nn.Conv2d(12, CLASSES, 1))),
    "unet": unet,
}
# As they are for PyTorch's own interpreter: statistics stay beside the weights.
WITH_NORMALIZATION = ["vgg", "resnet", "densenet", "mobilenet_v3"]


def write(name, net, folder):
    path = os.path.join(folder, name + ".onnx")
    net.eval()
    torch.onnx.export(
        net, torch.randn(1, 3, 32, 32), path, dynamo=False, opset_version=17,
        input_names=["data"], output_names=["scores"],
        dynamic_axes={"data": {0: "batch"}, "scores": {0: "batch"}},
        training=torch.onnx.TrainingMode.PRESERVE if name in WITH_NORMALIZATION else torch.onnx.TrainingMode.EVAL,
        do_constant_folding=name not in WITH_NORMALIZATION)
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.raw_data) > 64:
            tensor.ClearField("raw_data")
    for node in model.graph.node:
        node.ClearField("doc_string")
    onnx.save(model, path)
    return os.path.getsize(path)


if __name__ == "__main__":
    torch.manual_seed(0)
    total = 0
    for name, make in NETS.items():
        size = write(name, make(), sys.argv[1])
        total += size
        print(f"{name}: {size} bytes", flush=True)
    print(f"{total} bytes")
