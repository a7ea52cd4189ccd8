import { layerDetails } from "../../draw/layer-text.ts";
import { LayerRegistry } from "../../layers/registry.ts";
import type { Net } from "../../net/net.ts";
import type { LayerTimer } from "../../net/tools/layer-times.ts";
import { summarize } from "../../net/tools/summary.ts";
import { residentBytes } from "../../util/process-memory.ts";
import type { Graph, GraphLayer } from "../api.ts";

const BYTES = { f32: 4, f64: 8 } as const;

/** Times of layers, summed over so many iterations. */
interface Timed {
  readonly timer: Pick<LayerTimer, "forward" | "backward">;
  readonly iterations: number;
}

/** A net, layer by layer as it runs: shapes, what it costs, and which layers do the work of others. */
export function graphOf(net: Net, timed?: Timed): Graph {
  const registry = new LayerRegistry();
  const summary = summarize(net);
  const fused = net.fusedLayers;
  const mean = (sums: readonly number[], i: number): number =>
    (sums[i] ?? 0) / (timed?.iterations ?? 1);
  const layers = net.layers.map((layer, i): GraphLayer => {
    const { name, type, bottoms, tops, topShapes, engine, parameters, macs, bytes, lrMults } =
      summary[i] as (typeof summary)[number];
    const by = fused.get(i);
    return {
      ...{ key: net.layerKeys[i] ?? "", name, type, role: registry.roleOf(type) },
      details: layerDetails(layer.param),
      ...{ engine, bottoms, tops, topShapes, parameters, macs, lrMults },
      parameterShapes: layer.blobs.map(({ shape }) => shape),
      topBytes: bytes,
      hasBackward: net.layerNeedsBackward[i] ?? false,
      forwardMs: timed && mean(timed.timer.forward, i),
      backwardMs: timed && mean(timed.timer.backward, i),
      fusedInto: by && { key: net.layerKeys[by.layer] ?? "", backward: by.isBackward },
    };
  });
  const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
  return {
    net: net.name,
    engine: [...new Set(layers.map(({ engine }) => engine))].join(", "),
    layers,
    totalMs: timed && {
      forward: sum(timed.timer.forward) / timed.iterations,
      backward: sum(timed.timer.backward) / timed.iterations,
    },
    parameterBytes: BYTES[net.dtype] * sum(layers.map(({ parameters }) => parameters)),
    topBytes: net.memoryBytes,
    processBytes: residentBytes(),
    notes: notesOf(net, fused.size),
  };
}

function notesOf(net: Net, fused: number): string[] {
  const notes: string[] = [];
  if (fused > 0) {
    notes.push(
      fused === 1
        ? "One layer is run within the layer before, and takes no time of its own."
        : `${fused} layers are run within the layers before, and take no time of their own.`,
    );
  }
  if (net.sharesMemory) {
    notes.push(
      "Arrays between layers share memory once nothing reads them any more: the process holds less than the tops' sum.",
    );
  }
  if (net.device) {
    notes.push(
      "Layers are not timed on a GPU while it trains: caffe time --gpu does it by the GPU's own clock.",
    );
  }
  return notes;
}
