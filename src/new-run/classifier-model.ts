import type { NetParameter } from "../io/proto/caffe.ts";
import { readNetParameter } from "../io/text/read-net.ts";
import { listModels, modelCard, modelFile } from "../models/model-zoo.ts";
import { CaffeError } from "../util/errors.ts";
import { isData, isInput } from "./layer-kinds.ts";

/** A model that classifies images, as the package has it. */
export interface ClassifierModel {
  readonly id: string;
  /** Its name as people write it. */
  readonly title: string;
  readonly trainVal: NetParameter;
  readonly deploy: NetParameter;
  /** Channels, height and width of its images. */
  readonly input: readonly [number, number, number];
  /** How its own data layers change values after the mean. */
  readonly scale: number | undefined;
  /** The mean of each channel that its own data layers subtract. */
  readonly means: readonly number[];
}

/** The models that classify images. */
export function classifierNames(): string[] {
  return listModels()
    .filter(({ task }) => task.startsWith("classification"))
    .map(({ id }) => id);
}

/**
 * Reads a model's nets.
 * @throws FileError where there is no such model; CaffeError where it does not classify images
 */
export function readClassifier(id: string): ClassifierModel {
  const card = modelCard(id);
  const names = classifierNames();
  if (!names.includes(id)) {
    throw new CaffeError(
      `model "${id}" is for ${card.task}. Expected one that classifies images: ${names.join(", ")}.`,
    );
  }
  const trainFile = card.files.find((file) => /train_(val|test)\.prototxt$/.test(file)) ?? "";
  const deployFile = card.files.find((file) =>
    ["deploy.prototxt", `${id}.prototxt`].includes(file),
  );
  const trainVal = readNetParameter(modelFile(id, trainFile));
  const deploy = readNetParameter(modelFile(id, deployFile ?? ""));
  const input = deploy.layer?.find(isInput);
  const [, channels = 3, height = 0, width = 0] = input?.input_param?.shape?.[0]?.dim ?? [];
  const transform = trainVal.layer?.find(isData)?.transform_param;
  return {
    ...{ id, title: card.name, trainVal, deploy },
    input: [channels, height, width],
    scale: transform?.scale,
    means: [...(transform?.mean_value ?? [])],
  };
}
