import type { Net } from "../net/net.ts";
import type { LayerCallback } from "../net/run/layer-runner.ts";
import { recordSource } from "../net/tools/record-source.ts";
import type { RunEvent, StartEvent } from "../run-record/events.ts";
import type { IterationEvent } from "../solvers/loop/callbacks.ts";
import type { Solver, SolverCallbacks } from "../solvers/solver.ts";
import { readNow } from "../syncedmem/read-now.ts";
import { removeFrom } from "../util/arrays.ts";
import { FileError } from "../util/errors.ts";
import { EventFile } from "./event-file.ts";
import { graphDefOf } from "./graph-def.ts";
import { histogramOf } from "./histogram.ts";
import { endOfSession, hyperParameters, hyperParameterValues } from "./hyper-parameters.ts";
import { encodeMessage, type TensorBoardMessage } from "./message.ts";
import { isPicture, type Planes, pictureValue, tiled } from "./pictures.ts";
import { scalarsOf, testTag } from "./scalars.ts";

/** Looking at weights and gradients takes no more than this share of the time. */
const SHARE = 0.01;
/** Records of the first batch, and filters of a layer, that are shown. */
const [MOST_RECORDS, MOST_FILTERS] = [8, 256];

type Values = readonly TensorBoardMessage<"SummaryValue">[];

/**
 * Writes what TensorBoard shows of a training: the curves of its events; when an iteration is displayed, if that is not too
 * costly, histograms of weights and gradients and filters as pictures; the first batch, the net's graph, hyper-parameters.
 * A guest of the solver that wants gradients in those iterations only. A disk that takes no more ends it, not the training.
 */
export class TensorBoardLog implements SolverCallbacks {
  readonly readsLoss = false;
  /** A guest of those iterations alone whose gradients are looked at: updates need not wait for them in the others. */
  readonly #looker: SolverCallbacks = {
    readsLoss: false,
    onGradientsReady: (solver) => this.#look(solver),
  };
  readonly #warn: (problem: string) => void;
  /** Undefined once it cannot be written. */
  #file: EventFile | undefined;
  /** Before that, looking would take more than its share. */
  #dueAt = 0;
  /** Looks at the first batch. */
  #watch: LayerCallback | undefined;
  #batch: readonly Planes[] = [];

  /**
   * @param warn takes what ends the files, once
   * @throws FileError where no file can be written in the folder
   */
  constructor(folder: string, time: number, warn: (problem: string) => void) {
    this.#file = new EventFile(folder, time);
    this.#warn = warn;
  }

  /** Writes what a training is, before it begins. */
  begin(solver: Solver, { time, iter, imagesPerIteration }: StartEvent): void {
    const { net, testNets, param } = solver;
    this.#write({ wall_time: time / 1000, graph_def: encodeMessage("GraphDef", graphDefOf(net)) });
    const metrics = testNets.flatMap((one, i) => one.outputs.map((name) => testTag(i, name)));
    const told = hyperParameters(param, imagesPerIteration);
    const values = hyperParameterValues(told, ["loss/smoothed", ...metrics], time / 1000);
    this.#add(time, iter, values);
    this.#watchFirstBatch(net);
  }

  /** Writes the curves' points of an event. */
  take(event: RunEvent): void {
    const { time, iter } = event;
    const values = scalarsOf(event).map(([tag, value]) => ({ tag, simple_value: value }));
    if (event.type === "stop") {
      this.#add(time, iter, [endOfSession(event.reason !== "error", time / 1000)]);
    } else if (values.length > 0) this.#add(time, iter, values);
  }

  onStart({ iter, param, callbacks }: Solver): void {
    const { display = 0 } = param;
    const isDisplayed = display > 0 && iter % display === 0;
    const isDue = this.#file !== undefined && isDisplayed && performance.now() >= this.#dueAt;
    if (isDue) callbacks.push(this.#looker);
  }

  async onIteration({ iter }: IterationEvent, { net, callbacks }: Solver): Promise<void> {
    removeFrom(callbacks, this.#looker);
    if (!this.#watch) return;
    removeFrom(net.afterForward, this.#watch);
    this.#watch = undefined;
    const values = this.#batch.map((planes, i) => pictureValue(`batch/${i}`, planes));
    if (values.length > 0) this.#add(Date.now(), iter - 1, await Promise.all(values));
    this.#batch = [];
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  async #look({ net, iter }: Solver): Promise<void> {
    const began = performance.now();
    const values: TensorBoardMessage<"SummaryValue">[] = [];
    for (const { blob, layer, name } of net.learnableParams) {
      const count = blob.count();
      for (const [kind, mem] of [
        ["weights", blob.dataMem],
        ["gradients", blob.diffMem],
      ] as const) {
        const histo = await readNow(mem, (all) => histogramOf(all.subarray(0, count)));
        values.push({ tag: `${kind}/${layer}/${name}`, histo });
      }
    }
    for (const [i, layer] of net.layers.entries()) {
      const [filters] = layer.param.convolution_param ? layer.blobs : [];
      const [count = 0, channels = 0, height = 0, width = 0] = filters?.shape ?? [];
      if (filters?.shape.length !== 4 || !isPicture(channels, height, width)) continue;
      const shown = Math.min(count, MOST_FILTERS);
      const planes = await readNow(filters.dataMem, (all) =>
        tiled(shown, { channels, height, width, values: all }),
      );
      values.push(await pictureValue(`filters/${net.layerKeys[i]}`, planes));
    }
    this.#add(Date.now(), iter, values);
    const now = performance.now();
    this.#dueAt = now + (now - began) / SHARE;
  }

  /** Keeps the pictures of the first batch, as the net sees them, when their layer has given them. */
  #watchFirstBatch(net: Net): void {
    const source = recordSource(net);
    if (source < 0) return;
    this.#watch = (layer) => {
      if (layer !== source || this.#batch.length > 0) return;
      const [data] = net.topBlobs[layer] ?? [];
      const [count = 0, channels = 0, height = 0, width = 0] = data?.shape ?? [];
      const isShown = data?.shape.length === 4 && data.dataMem.isOnHost;
      if (!isShown || !isPicture(channels, height, width)) return;
      const size = channels * height * width;
      this.#batch = Array.from({ length: Math.min(count, MOST_RECORDS) }, (_, i) => ({
        ...{ channels, height, width },
        values: data.values().slice(i * size, (i + 1) * size),
      }));
    };
    net.afterForward.push(this.#watch);
  }

  #add(time: number, iter: number, value: Values): void {
    this.#write({ wall_time: time / 1000, step: iter, summary: { value } });
  }

  #write(event: TensorBoardMessage<"Event">): void {
    try {
      this.#file?.add(event);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.close();
      this.#warn(`TensorBoard's file: ${error.message} Training goes on without it.`);
    }
  }
}
