import { CaffeError } from "../../util/errors.ts";

type Value = number | string | readonly number[];

/** A key and its value: a list in brackets, a text in quotes, or all up to the next comma or line. */
const ENTRY =
  /['"]?([A-Za-z_]\w*)['"]?\s*:(?![:/])\s*(?:!!python\/tuple\s*)?(\[[^\]]*\]|\([^)]*\)|'[^']*'|"[^"]*"|[^,}\n]*)/g;

/**
 * Reads the YAML that py-faster-rcnn's layers are given in `param_str`: `'feat_stride': 16`, `'scales': [8, 16, 32]`, in
 * braces or a line each. Values of its configuration may stand there too, by their names.
 */
export class ParamStr {
  readonly #text: string;
  readonly #values = new Map<string, Value>();

  /** @throws CaffeError where a key is none of those given */
  constructor(text: string, known: readonly string[]) {
    this.#text = text;
    for (const [, key = "", value = ""] of text.matchAll(ENTRY)) {
      if (!known.includes(key)) {
        throw new CaffeError(`param_str has ${key}. Expected ${known.join(", ")}.`);
      }
      this.#values.set(key, valueIn(value.trim()));
    }
  }

  /**
   * @param least no number may be less; more has to be more than 0 where it is left out
   * @throws CaffeError where it is no such number, or is not there and has no default
   */
  number(key: string, byDefault?: number, least?: number): number {
    const value = this.#values.get(key) ?? byDefault;
    const number = typeof value === "string" ? Number.NaN : Number(value);
    if (least === undefined ? number > 0 : number >= least) return number;
    const wanted = least === undefined ? "a number above 0" : `a number, ${least} or more`;
    throw this.#error(key, wanted);
  }

  /** @throws CaffeError where it is no list of numbers, each above the bound */
  list(key: string, byDefault: readonly number[], above = 0): readonly number[] {
    const value = this.#values.get(key) ?? byDefault;
    if (typeof value === "object" && value.length > 0 && value.every((one) => one > above)) {
      return value;
    }
    const wanted = above === 0 ? "[a, b, …] of numbers above 0" : "[a, b, …] of numbers";
    throw this.#error(key, wanted);
  }

  text(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === undefined ? undefined : String(value);
  }

  #error(key: string, wanted: string): CaffeError {
    return new CaffeError(`param_str is "${this.#text}". Expected '${key}': ${wanted}.`);
  }
}

function valueIn(text: string): Value {
  if (/^[[(]/.test(text)) {
    const items = text.slice(1, -1).split(",");
    return items.flatMap((item) => (item.trim() === "" ? [] : [Number(item)]));
  }
  const quoted = /^['"](.*)['"]$/.exec(text);
  if (quoted) return quoted[1] ?? "";
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
