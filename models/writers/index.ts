import { alexnet, caffenet } from "./alexnet.ts";
import { autoencoder } from "./autoencoder.ts";
import { captioning } from "./captioning.ts";
import { crnn } from "./crnn.ts";
import { densenet121 } from "./densenet.ts";
import { fasterRcnn } from "./faster-rcnn.ts";
import { fcn32s } from "./fcn.ts";
import { googlenet } from "./googlenet.ts";
import { mobilenet } from "./mobilenet.ts";
import { mobilenetSsd } from "./mobilenet-ssd.ts";
import { mobilenetV2 } from "./mobilenet-v2.ts";
import { type Model, prototxtOf } from "./model.ts";
import { pspnet50 } from "./pspnet.ts";
import { resnet18, resnet50, resnet101 } from "./residual.ts";
import { rfcn } from "./rfcn.ts";
import { segnet } from "./segnet.ts";
import { senet50 } from "./senet.ts";
import { shufflenet } from "./shufflenet.ts";
import { siamese } from "./siamese.ts";
import { squeezenet } from "./squeezenet.ts";
import { ssd300 } from "./ssd.ts";
import { vgg16, vgg19 } from "./vgg.ts";
import { yolov2Tiny, yolov3Tiny } from "./yolo-tiny.ts";

/** Every model that is written in code; LeNet and the CIFAR-10 nets are written by hand. */
export const models: readonly Model[] = [
  alexnet,
  caffenet,
  vgg16,
  vgg19,
  googlenet,
  resnet18,
  resnet50,
  resnet101,
  senet50,
  squeezenet,
  mobilenet,
  mobilenetV2,
  shufflenet,
  densenet121,
  fcn32s,
  segnet,
  pspnet50,
  ssd300,
  mobilenetSsd,
  yolov2Tiny,
  yolov3Tiny,
  fasterRcnn,
  rfcn,
  captioning,
  crnn,
  siamese,
  autoencoder,
];

/** A model's files by their paths below models/. */
export function filesOf(model: Model): ReadonlyMap<string, string> {
  const { name, title } = model;
  return new Map([
    [`${name}/train_val.prototxt`, prototxtOf(title, model.trainVal)],
    [`${name}/deploy.prototxt`, prototxtOf(title, model.deploy)],
    [
      `${name}/solver.prototxt`,
      `net: "models/${name}/train_val.prototxt"\n${model.solver}\nsnapshot_prefix: "models/${name}/${name}"\nsolver_mode: CPU\n`,
    ],
  ]);
}
