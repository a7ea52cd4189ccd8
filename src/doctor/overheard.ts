import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { Finding, FindingSeverity } from "./finding.ts";

/** `net.prototxt:12:3: text`, or with the line alone, or with the file's name alone. */
const PLACED = /^(\S+?:\d+)(?::\d+)?: (.*)$/s;
/** `layer "conv1" (Convolution): text`. */
const OF_LAYER = /^layer "(.*?)" \([^)]*\): (.*)$/s;

/**
 * What readers, nets and solvers say by themselves, as findings: warnings of their logs, and the error that ends what is
 * tried. Their messages say what to do in their own words.
 */
export class Overheard {
  readonly findings: Finding[] = [];
  readonly #file: string;
  readonly #check: string | undefined;

  /**
   * @param file what is read or built, for messages that name no place
   * @param check what its findings are called, where that is not told by their kind
   */
  constructor(file: string, check?: string) {
    this.#file = file;
    this.#check = check;
  }

  readonly log: Log = (severity, _source, message) => {
    if (severity === "warning") this.#add("warning", message);
  };

  /** What `work` gives; undefined where a CaffeError ends it, which is a finding then. */
  tried<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof CaffeError)) throw error;
      this.#add("error", error.message);
      return undefined;
    }
  }

  #add(severity: FindingSeverity, message: string): void {
    const ownFile = message.startsWith(`${this.#file}: `)
      ? message.slice(this.#file.length + 2)
      : message;
    const [, where = this.#file, text = ownFile] = PLACED.exec(message) ?? [];
    const [, layer, said = text] = OF_LAYER.exec(text) ?? [];
    const kind = severity === "error" ? "cannot-be-built" : "told-by-caffe";
    const check = this.#check ?? kind;
    this.findings.push({
      ...{ check, severity, what: said, where, advice: "" },
      ...(layer !== undefined && { layer }),
    });
  }
}
