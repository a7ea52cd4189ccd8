import type { Engines } from "../engines/choose.ts";
import { createEngines } from "../engines/create.ts";
import { openGpu } from "../engines/webgpu/device.ts";
import type { Log, Severity } from "../util/log.ts";

const severities: readonly Severity[] = ["info", "warning", "error", "fatal"];

/** What a program in another language has set for all nets and solvers that it makes from then on. */
export class Settings {
  /** Computes on a GPU, where it is "gpu". */
  mode: "cpu" | "gpu" = "cpu";
  /** Which GPU that is. */
  device = 0;
  /** Log lines below this severity are dropped: 0 info, 1 warning, 2 error, 3 fatal. */
  leastSeverity = 0;
  readonly #log: Log;
  readonly #engines: Map<string, Engines> = new Map();

  constructor(log: Log) {
    this.#log = log;
  }

  readonly log: Log = (severity, source, message) => {
    if (severities.indexOf(severity) >= this.leastSeverity) this.#log(severity, source, message);
  };

  /** What `close` throws (a user's layer may) is logged: nobody waits for it. */
  closing(close: () => void): () => void {
    return () => {
      try {
        close();
      } catch (error) {
        this.log("error", "net", error instanceof Error ? error.message : String(error));
      }
    };
  }

  /**
   * The engines of the present mode and device.
   * @throws EngineError where there is no such GPU
   */
  #open(): Engines | Promise<Engines> {
    const { log, mode, device } = this;
    const key = mode === "cpu" ? "cpu" : `gpu ${device}`;
    const known = this.#engines.get(key);
    if (known) return known;
    const keep = (engines: Engines): Engines => {
      this.#engines.set(key, engines);
      return engines;
    };
    if (mode === "cpu") return keep(createEngines({ log }));
    return openGpu({ index: device }).then((gpu) => keep(createEngines({ gpu, log })));
  }

  /** Makes something with these engines: at once, but where a GPU has to be opened first. */
  withEngines<T>(make: (engines: Engines) => T): T | Promise<T> {
    const engines = this.#open();
    return engines instanceof Promise ? engines.then(make) : make(engines);
  }
}
