import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { keepSource, linesOf, sourceOf } from "../io/proto/source.ts";
import { filterByState } from "../net/build/state.ts";
import { Net } from "../net/net.ts";
import { type ShapesByName, withPlaceholders } from "../net/tools/placeholders.ts";
import type { SolverNet } from "../solvers/setup/solver-nets.ts";
import { CaffeError } from "../util/errors.ts";
import { silent } from "../util/log.ts";
import { isInput, isLoss, isSource } from "./layer-kinds.ts";
import type { Overheard } from "./overheard.ts";
import type { PatientNet } from "./patient.ts";
import { type ScannedSource, scanSource } from "./scan-source.ts";

/** A net to look at; a solver's is one to train or test, whatever its layers are. */
export interface AskedNet extends SolverNet {
  readonly isOfSolver: boolean;
}

/** Does some work on a file, and keeps as findings what is said of it; undefined where an error ended the work. */
export type Hearing = <T>(
  file: string,
  work: (heard: Overheard) => T,
  check?: string,
) => T | undefined;

/** How far data is looked at. */
interface Limits {
  readonly isStatic: boolean;
  readonly records: number;
}

/** One net in its phase: its data is looked at, and it is built without it. */
export function admitNet(
  { param: whole, state, isOfSolver }: AskedNet,
  { isStatic, records }: Limits,
  hearing: Hearing,
): PatientNet {
  const filtered = keepSource(whole, filterByState(whole, state, silent));
  const { layer: layers = [] } = filtered;
  const file = sourceOf(whole)?.file ?? "";
  const isUsed = !isOfSolver && isForUse(layers);
  const use = isUsed ? "deploy" : state.phase === "TRAIN" ? "train" : "test";
  const shapes = isStatic
    ? {}
    : hearing(
        file,
        ({ log }) => sourceShapes(filtered, (net) => new Net(net, { ...state, log })),
        "data",
      );
  const scan = (layer: LayerParameter): ScannedSource | undefined => {
    const lines = linesOf(layer.data_param ?? layer.image_data_param ?? layer);
    const line = lines?.fields.get("source") ?? lines?.line;
    const where = line === undefined ? file : `${file}:${line}`;
    return hearing(where, () => scanSource(layer, records), "data");
  };
  const sources = isStatic || !shapes ? [] : layers.flatMap((layer) => scan(layer) ?? []);
  const placed = placeholders(filtered, shapes ?? {});
  const runsPrograms = layers.some(({ python_param }) => python_param !== undefined);
  const build = ({ log }: Overheard): Net | undefined =>
    placed && new Net(placed, { ...state, log });
  const built = runsPrograms ? undefined : hearing(file, build);
  return { use, whole, state, layers, built, sources };
}

/** Whether these layers take what a program gives, and judge nothing: what a deploy file holds. */
function isForUse(layers: readonly LayerParameter[]): boolean {
  return layers.some(isInput) && !layers.some((layer) => isLoss(layer) || isSource(layer));
}

/** The shapes of what the data layers bring, which their first records tell. */
function sourceShapes(net: NetParameter, build: (net: NetParameter) => Net): ShapesByName {
  const layer = (net.layer ?? []).filter((one) => isSource(one) && !one.memory_data_param);
  if (layer.length === 0) return {};
  using sources = build(keepSource(net, { ...net, layer }));
  return Object.fromEntries([...sources.blobs].map(([name, { shape }]) => [name, shape]));
}

/** The net without its data; undefined where only data tells its shapes. */
function placeholders(net: NetParameter, shapes: ShapesByName): NetParameter | undefined {
  try {
    return keepSource(net, withPlaceholders(net, shapes));
  } catch (error) {
    if (error instanceof CaffeError) return undefined;
    throw error;
  }
}
