import { join } from "node:path";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { fileStamp, isFile } from "../../io/files/file-system.ts";
import { readText } from "../../io/files/read-file.ts";
import { readCaffemodel } from "../../io/weights/caffemodel.ts";
import type { Batch, Graph, Histograms, TestView, View, ViewName, Weights } from "../api.ts";
import { sampleOf } from "../live/array-sample.ts";
import { MOST_DRAWN, type SampledParameter } from "../live/looks.ts";
import type { RunViews } from "./views.ts";
import { weightsView } from "./weights-view.ts";

/** What is kept of a run that has ended: what was looked at, as it was then. */
export interface KeptParts {
  readonly graph?: View<Graph>;
  readonly histograms?: View<Histograms>;
  readonly batch?: View<Batch>;
  readonly test?: View<TestView>;
}

interface Kept extends KeptParts {
  readonly version: 1;
}

const KEPT: readonly (keyof KeptParts)[] = ["graph", "histograms", "batch", "test"];

function fileOf(folder: string): string {
  return join(folder, "view.json");
}

/** Keeps what is there of a run's views in the folder of its record. @throws FileError where it cannot be written */
export function keepViews(folder: string, parts: KeptParts): void {
  const kept: Kept = { version: 1, ...asKept(parts) };
  writeFileAtomically(fileOf(folder), [new TextEncoder().encode(`${JSON.stringify(kept)}\n`)]);
}

/** The same, each said to be kept. */
function asKept(parts: KeptParts): KeptParts {
  const entries = Object.entries(parts) as [keyof KeptParts, View<unknown>][];
  return Object.fromEntries(
    entries.map(([name, view]) => [
      name,
      view.state === "there" ? { ...view, isKept: true } : view,
    ]),
  );
}

/** Where the weights of a run's last snapshot lie. */
type LastWeights = () => { readonly path: string; readonly iter: number } | undefined;

/** What was read last. */
interface ReadKept {
  /** How the file was then, and when that was. */
  readonly stamp: string;
  readonly at: number;
  readonly kept: Kept | undefined;
}

/** Views of a run that this process does not train: what was kept of it, and the weights of its last snapshot. */
export class KeptViews implements RunViews {
  readonly #folder: string;
  readonly #weights: LastWeights;
  #kept: ReadKept | undefined;
  #shownWeights: { readonly stamp: string; readonly view: View<Weights> } | undefined;

  constructor(folder: string, weights: LastWeights) {
    this.#folder = folder;
    this.#weights = weights;
  }

  get names(): readonly ViewName[] {
    const { kept } = this.#read();
    const names: readonly ViewName[] = KEPT.filter((name) => kept?.[name] !== undefined);
    return this.#weights() ? [...names, "weights"] : names;
  }

  async graph(): Promise<View<Graph>> {
    return this.#part("graph");
  }

  /** The samples behind `since`, as a live run gives them. */
  async histograms(since: number): Promise<View<Histograms>> {
    const kept = this.#part("histograms");
    if (kept.state !== "there") return kept;
    const arrays = kept.view.arrays.map((series) => ({
      ...series,
      samples: series.samples.filter(({ iter }) => iter > since),
    }));
    return { ...kept, view: { ...kept.view, arrays } };
  }

  async batch(): Promise<View<Batch>> {
    return this.#part("batch");
  }

  async test(): Promise<View<TestView>> {
    return this.#part("test");
  }

  async weights(): Promise<View<Weights>> {
    const last = this.#weights();
    if (!last || !isFile(last.path)) {
      return { state: "none", why: "the run has left no snapshot whose weights could be shown." };
    }
    const stamp = JSON.stringify([last, fileStamp(last.path)]);
    if (this.#shownWeights?.stamp !== stamp) {
      const weights = await weightsView(parametersOf(last.path));
      const { iter } = last;
      const view = {
        state: "there",
        iter,
        stamp: Date.now(),
        isKept: true,
        view: weights,
      } as const;
      this.#shownWeights = { stamp, view };
    }
    return this.#shownWeights.view;
  }

  #part<Name extends keyof KeptParts>(name: Name): NonNullable<KeptParts[Name]> | NoView {
    const { kept, at } = this.#read();
    const view = kept?.[name];
    if (!view) return { state: "none", why: NOT_KEPT };
    return view.state === "there" ? { ...view, stamp: at } : view;
  }

  /** What is kept, read again only when the file is another: pages ask every few seconds, and pictures make it large. */
  #read(): ReadKept {
    const path = fileOf(this.#folder);
    const stamp = fileStamp(path);
    if (this.#kept?.stamp !== stamp) {
      this.#kept = { stamp, at: Date.now(), kept: readKept(path) };
    }
    return this.#kept;
  }
}

function readKept(path: string): Kept | undefined {
  try {
    const kept = JSON.parse(readText(path, "kept views")) as Kept;
    return kept.version === 1 ? kept : undefined;
  } catch {
    return undefined;
  }
}

interface NoView {
  readonly state: "none";
  readonly why: string;
}

const NOT_KEPT =
  "it was not kept. A run that is trained with --dashboard keeps, when it ends, what was looked at; while it trains, its own dashboard shows it.";

/** The parameters that a file holds. @throws FileError, FormatError where it cannot be read */
function parametersOf(path: string): SampledParameter[] {
  return readCaffemodel(path).layers.flatMap(({ name, blobs }) =>
    blobs.flatMap((blob, index): SampledParameter[] => {
      if (!blob) return [];
      const { shape, data } = blob;
      const values = Float32Array.from(data);
      return [
        {
          ...{ layer: name, index, name: `${name}[${index}]`, shape },
          sample: sampleOf(values, values.length),
          drawn: shape.length > 1 ? values.subarray(0, MOST_DRAWN) : undefined,
        },
      ];
    }),
  );
}
