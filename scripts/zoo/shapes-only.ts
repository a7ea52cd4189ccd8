import { ReferenceEngine } from "../../src/engines/reference/index.ts";

/** An op that is made, and never run. */
const idle = new Proxy({}, { get: (_op, name) => (name === "accepts" ? () => false : () => {}) });

/**
 * The reference engine without its tables: what takes the time when a net is built only to see whether it fits
 * together. Layers ask it for their ops as they do any engine.
 */
export const shapesOnly: ReferenceEngine = new Proxy(new ReferenceEngine(), {
  get(engine, name) {
    const primitive: unknown = Reflect.get(engine, name, engine);
    return typeof primitive === "function" ? () => idle : primitive;
  },
});
