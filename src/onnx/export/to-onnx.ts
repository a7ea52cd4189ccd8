import { createEngines } from "../../engines/create.ts";
import type { Layer } from "../../layers/base/layer.ts";
import { LayerRegistry } from "../../layers/registry.ts";
import { Net } from "../../net/net.ts";
import { withPlaceholders } from "../../net/tools/placeholders.ts";
import { NetError } from "../../util/errors.ts";
import { silent } from "../../util/log.ts";
import { checkOptions } from "../../util/options.ts";
import { FreeAxisError } from "../graph/axes.ts";
import { foldLines } from "../graph/fold.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { OnnxModel } from "../graph/model.ts";
import { isEnd } from "./ends.ts";
import { type FreeGroup, findFreeAxes, freedomsOf } from "./free-axes.ts";
import { type OnnxOptions, onnxOptions } from "./options.ts";
import { isReplaced, translationOf } from "./translations.ts";
import { Translator } from "./translator.ts";
import { withoutForm } from "./without-form.ts";

/** The version of the operators where none is asked for. */
const OPSET = 17;

/**
 * A net of the TEST phase in ONNX's form: its inputs (and what its data layers give) become the graph's inputs, what no
 * layer reads its outputs, both under their names. A loss gives its probabilities or what it compares, scores go.
 *
 *     const model = await toOnnx(net, { opset: 17 });
 *     writeFileSync("net.onnx", model.toBuffer());
 *
 * The length of an axis is left open where every layer of the net takes other ones: that of the batch, and height and
 * width. Weights are those of the net when the model is written; they are not copied before.
 *
 * @throws NetError where the net is of the TRAIN phase or has nothing to give; LayerError that names the layer, and what to do,
 *   where one has no meaning in ONNX
 */
export async function toOnnx(net: Net, options: OnnxOptions = {}): Promise<OnnxModel> {
  checkOptions("toOnnx", options, onnxOptions);
  if (net.phase !== "TEST") {
    throw new NetError(
      'the net is of phase TRAIN. Expected one of TEST: new Net(file, { phase: "TEST" }).',
    );
  }
  checkLayers(net.layers);
  await net.paramsToHost();
  const twin = twinOf(net);
  if (options.batch !== undefined) setBatch(twin, options.batch);
  let freedoms: readonly FreeGroup[] = freedomsOf(twin).filter(
    ({ name }) => name !== "batch" || options.batch === undefined,
  );
  for (;;) {
    const { axes, allowed } = findFreeAxes(twin, freedoms);
    try {
      return modelOf(twin, axes, options);
    } catch (error) {
      if (!(error instanceof FreeAxisError)) throw error;
      // A translation has to know a length: what that depends on stays as it is.
      const { freedoms: fixed } = error;
      const rest = allowed.filter(({ name, isComputed }) => isComputed || !fixed.includes(name));
      if (rest.length === allowed.length) {
        throw new NetError(
          `${error.message} to write net "${net.name}", and it follows from what the net computes. Expected a net that is cut there.`,
        );
      }
      freedoms = rest;
    }
  }
}

/** Why a layer that is known by its name has no form. */
const REPLACED =
  "a module of its name is there and runs; what is known by that name, where the module is not on the path, has a form";

/** Names every layer that has no meaning in ONNX, and says why. */
function checkLayers(layers: readonly Layer[]): void {
  const registry = new LayerRegistry();
  const unknown = layers.filter((layer) => {
    const isGiven = ["input", "source"].includes(registry.roleOf(layer.param.type ?? ""));
    return !isGiven && !isEnd(layer.param) && translationOf(layer) === undefined;
  });
  if (unknown.length === 0) return;
  const reasons = unknown.map((layer) => {
    const { name = "", type = "" } = layer.param;
    const why = isReplaced(layer) ? REPLACED : (withoutForm[type] ?? "a layer of the user's own");
    return `"${name}" (${type}: ${why})`;
  });
  throw new NetError(
    `${reasons.join(", ")} ${unknown.length > 1 ? "have" : "has"} no form in ONNX. Expected a net without: cut it before, and make their part of the work in the program that runs the file.`,
  );
}

/**
 * A net of the same layers and weights, on the reference engine, with inputs in the place of data layers: it takes other
 * shapes while nobody sees it. It uses the same memory.
 */
function twinOf(net: Net): Net {
  const layer = net.layers.map(({ param }) => {
    const { include: _include, exclude: _exclude, phase: _phase, blobs: _blobs, ...rest } = param;
    return rest;
  });
  const shapes = Object.fromEntries([...net.blobs].map(([name, { shape }]) => [name, shape]));
  const bare = withPlaceholders({ name: net.name, layer }, shapes);
  // Weights come from the net, but data that fillers make are no weights.
  const layers = bare.layer?.map((one, i) => (one.dummy_data_param ? (layer[i] ?? one) : one));
  const twin = new Net(
    { ...bare, layer: layers ?? [] },
    {
      engines: createEngines({ prefer: "reference", log: silent }),
      phase: "TEST",
      dtype: net.dtype,
      log: silent,
    },
  );
  twin.shareWith(net, silent);
  return twin;
}

function setBatch(net: Net, batch: number): void {
  const freedom = freedomsOf(net).find(({ name }) => name === "batch");
  for (const [blob, axis] of freedom?.axes ?? []) {
    blob.reshape(blob.shape.map((length, i) => (i === axis ? batch : length)));
  }
  net.reshape();
}

function modelOf(
  net: Net,
  axes: ReturnType<typeof findFreeAxes>["axes"],
  { opset = OPSET, fold = true, labels, source, preparation }: OnnxOptions,
): OnnxModel {
  const graph = new GraphBuilder(opset);
  const translator = new Translator(net, graph, axes, preparation);
  const outputs = translator.run();
  if (outputs.length === 0) {
    throw new NetError(
      `net "${net.name}" gives nothing. Expected a layer whose top no other reads.`,
    );
  }
  const names = outputs.map(({ name }) => name);
  graph.keepOnly(names);
  if (fold) foldLines(graph, names);
  graph.keepOnly(names);
  const read = new Set([...graph.nodes.flatMap(({ inputs }) => inputs)]);
  return new OnnxModel({
    name: net.name,
    opset,
    nodes: graph.nodes,
    tensors: graph.tensors,
    inputs: translator.inputs.filter(({ name }) => read.has(name)),
    outputs,
    metadata: {
      ...(source !== undefined && { source }),
      ...(labels && { labels: labels.join("\n") }),
      ...(preparation && { preparation: JSON.stringify(preparation) }),
    },
  });
}
