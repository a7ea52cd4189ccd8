/** The nets of bench/nets that a card is measured with, and their batches there: those that their prototxts say would be too small. */
export const BATCHES: Readonly<Record<string, number>> = {
  ...{ lenet: 64, cifar10_quick: 100, caffenet: 64, mobilenet: 32 },
  ...{ googlenet: 32, resnet50: 32, vgg16: 16 },
};
