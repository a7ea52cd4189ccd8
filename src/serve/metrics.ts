import { residentBytes } from "../util/process-memory.ts";
import type { RunPass } from "./queue/pass-queue.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** How many values were at most each bound, how many there were, and their sum. */
class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  add(value: number): void {
    this.#count++;
    this.#sum += value;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  lines(name: string, labels: string): string[] {
    let below = 0;
    const buckets = this.#bounds.map((bound, i) => {
      below += this.#counts[i] ?? 0;
      return `${name}_bucket{${labels},le="${bound}"} ${below}`;
    });
    return [
      ...buckets,
      `${name}_bucket{${labels},le="+Inf"} ${this.#count}`,
      `${name}_sum{${labels}} ${this.#sum}`,
      `${name}_count{${labels}} ${this.#count}`,
    ];
  }
}

/** What has been counted of one model. */
interface OfModel {
  /** Requests by status. */
  readonly codes: Map<number, number>;
  readonly latency: Histogram;
  readonly rows: Histogram;
  readonly inference: Histogram;
}

/** A model as it is now. */
interface ModelNow {
  readonly name: string;
  readonly version: string;
  readonly waiting: number;
}

/**
 * What a server counts, as Prometheus reads it (text format 0.0.4).
 * @see https://prometheus.io/docs/instrumenting/exposition_formats
 */
export class Metrics {
  readonly #models = new Map<string, OfModel>();

  /** A request has been answered. @param model "" where it was for none */
  answered(model: string, status: number, milliseconds: number): void {
    const { codes, latency } = this.#of(model);
    codes.set(status, (codes.get(status) ?? 0) + 1);
    latency.add(milliseconds / 1000);
  }

  /** A pass has run. */
  passed(model: string, { rows, requests, milliseconds }: RunPass): void {
    const of = this.#of(model);
    of.rows.add(rows || requests);
    of.inference.add(milliseconds / 1000);
  }

  #of(model: string): OfModel {
    let of = this.#models.get(model);
    if (!of) {
      const [latency, inference] = [new Histogram(SECONDS), new Histogram(SECONDS)];
      of = { codes: new Map(), latency, inference, rows: new Histogram(ROWS) };
      this.#models.set(model, of);
    }
    return of;
  }

  /** All of it. */
  text(models: readonly ModelNow[]): string {
    const all = [...this.#models].map(([name, of]) => [`model="${labelText(name)}"`, of] as const);
    const metric = (
      name: string,
      type: string,
      help: string,
      lines: (name: string) => readonly string[],
    ): string[] => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines(name)];
    const now = models.map((model) => [`model="${labelText(model.name)}"`, model] as const);
    const histogram = (name: string, help: string, of: (one: OfModel) => Histogram): string[] =>
      metric(name, "histogram", help, () =>
        all.flatMap(([labels, one]) => of(one).lines(name, labels)),
      );
    const lines = [
      ...metric("caffe_requests_total", "counter", "Requests by model and status.", (name) =>
        all.flatMap(([labels, { codes }]) =>
          [...codes].map(([code, count]) => `${name}{${labels},code="${code}"} ${count}`),
        ),
      ),
      ...histogram(
        "caffe_request_seconds",
        "Time from a request's head to its answer.",
        (one) => one.latency,
      ),
      ...histogram("caffe_inference_seconds", "Time of a pass.", (one) => one.inference),
      ...histogram("caffe_batch_rows", "Rows of a pass.", (one) => one.rows),
      ...metric("caffe_queue_length", "gauge", "Requests that wait for a model.", (name) =>
        now.map(([labels, { waiting }]) => `${name}{${labels}} ${waiting}`),
      ),
      ...metric("caffe_model_version", "gauge", "Which version of a model answers.", (name) =>
        now.map(([labels, { version }]) => `${name}{${labels}} ${version}`),
      ),
      ...metric("process_resident_memory_bytes", "gauge", "Memory of the process.", (name) => [
        `${name} ${residentBytes()}`,
      ]),
    ];
    return `${lines.join("\n")}\n`;
  }
}

/** A label's value, as the format escapes it. */
function labelText(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
