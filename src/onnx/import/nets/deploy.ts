import { createEngines } from "../../../engines/create.ts";
import type { LayerParameter, NetParameter } from "../../../io/proto/caffe.ts";
import { Net } from "../../../net/net.ts";
import { NetError } from "../../../util/errors.ts";
import { silent } from "../../../util/log.ts";
import { type Shape, sameShape } from "../../../util/shape.ts";
import type { ImportedLayer } from "../translate/translator.ts";

/** A blob that goes in or comes out. */
export interface NetEnd {
  /** As the file of ONNX names it. */
  readonly name: string;
  readonly blob: string;
  readonly shape: Shape;
  /** Where the file has its axes in another order: axis i of the file's is axis order[i] of the blob. */
  readonly order?: readonly number[];
}

/** The net for use: an Input for each input, and the layers. */
export function deployNet(
  name: string,
  inputs: readonly NetEnd[],
  layers: readonly ImportedLayer[],
): NetParameter {
  return {
    name,
    layer: [...inputs.map(inputLayer), ...layers.map(({ param }) => param)],
  };
}

function inputLayer({ blob, shape }: NetEnd): LayerParameter {
  return {
    name: blob,
    type: "Input",
    top: [blob],
    input_param: { shape: [{ dim: shape }] },
  };
}

/**
 * Builds the net, and makes sure that its outputs have the graph's shapes.
 * @throws NetError, LayerError where a layer refuses what it is given
 */
export function checkNet(net: NetParameter, outputs: readonly NetEnd[]): void {
  using built = new Net(net, {
    engines: createEngines({ prefer: "reference", log: silent }),
    phase: "TEST",
    silent: true,
  });
  for (const { name, blob, shape } of outputs) {
    const got = built.blob(blob).shape;
    if (sameShape(got, shape)) continue;
    throw new NetError(
      `output "${name}" would be ${got.join("×")} in place of ${shape.join("×")}: its layers do not compute what the file does.`,
    );
  }
}
