/** By their models' prototxt: the shape of one input. */
export const NETS: Readonly<Record<string, readonly [file: string, ...shape: readonly number[]]>> =
  {
    lenet: ["models/lenet/lenet.prototxt", 1, 28, 28],
    cifar10_quick: ["models/cifar10_quick/cifar10_quick.prototxt", 3, 32, 32],
    mobilenet: ["models/mobilenet/deploy.prototxt", 3, 224, 224],
    googlenet: ["models/googlenet/deploy.prototxt", 3, 224, 224],
    resnet50: ["models/resnet50/deploy.prototxt", 3, 224, 224],
    caffenet: ["models/caffenet/deploy.prototxt", 3, 227, 227],
    vgg16: ["models/vgg16/deploy.prototxt", 3, 224, 224],
  };
