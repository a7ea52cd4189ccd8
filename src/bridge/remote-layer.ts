import type { Blob } from "../blob/blob.ts";
import { CaffeError } from "../util/errors.ts";
import type { Request, Session } from "./session.ts";

/** What a layer of another process is made from. */
interface RemoteLayerSource {
  readonly module: string;
  readonly layer: string;
  /** Where the module is looked for behind the process's own folders. */
  readonly folders: readonly string[];
  readonly name: string;
}

type Blobs = readonly Blob[];
type BlobList = Blob[] & { add_blob(...shape: number[]): Blob };

/** A layer whose class runs in another process: each of its methods is a call there, and blobs are shared memory. */
export class RemoteLayer {
  param_str = "";
  phase: "TRAIN" | "TEST" = "TEST";
  declare blobs: BlobList;
  /** The other side's number of it. */
  readonly id: number;
  readonly session: Session;
  readonly #number: number;
  readonly #numbers: Map<Blob, number> = new Map();

  /** @throws CaffeError where there is no such module or class, or its constructor throws */
  constructor(session: Session, source: RemoteLayerSource) {
    this.session = session;
    this.#number = session.references.take(this);
    try {
      this.id = session.call("layer.make", { ...source, layerNumber: this.#number }) as number;
    } catch (error) {
      session.references.release(this.#number);
      throw error;
    }
  }

  setup(bottom: Blobs, top: Blobs): void {
    const { param_str, phase } = this;
    this.session.call("layer.begin", {
      layer: this.id,
      param_str,
      phase,
      blobs: this.#told(this.blobs ?? []),
    });
    this.#call("setup", { bottom: this.#told(bottom), top: this.#told(top) });
  }

  reshape(bottom: Blobs, top: Blobs): void {
    this.#call("reshape", { bottom: this.#told(bottom), top: this.#told(top) });
  }

  forward(bottom: Blobs, top: Blobs): void {
    this.#call("forward", { bottom: this.#told(bottom), top: this.#told(top) });
  }

  backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    this.#call("backward", {
      top: this.#told(top),
      propagate_down: propagateDown,
      bottom: this.#told(bottom),
    });
  }

  /** One more blob, all zeros, that its class has asked for; its number. */
  addBlob(shape: readonly number[]): number {
    if (!this.blobs) throw new CaffeError("add_blob is called before setup. Expected it there.");
    return this.#told([this.blobs.add_blob(...shape)])[0]?.[0] as number;
  }

  close(): void {
    this.session.references.release(this.#number);
    for (const number of this.#numbers.values()) {
      if (this.session.references.release(number)) this.session.arrays.forgetBlob(number);
    }
    this.#numbers.clear();
    this.session.forget(this.id);
  }

  #call(method: string, fields: Readonly<Record<string, unknown>>): void {
    this.session.call("layer.run", { layer: this.id, method, ...fields });
  }

  /** Numbers and shapes of blobs, as the other side is told of them. */
  #told(blobs: Blobs): (readonly [number, readonly number[]])[] {
    return blobs.map((blob) => {
      let number = this.#numbers.get(blob);
      if (number === undefined) {
        number = this.session.references.take(blob);
        this.#numbers.set(blob, number);
      }
      return [number, blob.shape];
    });
  }
}

/** What classes of layers ask for, besides what is asked of blobs. */
export const layerRequests: Readonly<Record<string, Request>> = {
  "layer.addBlob": (session, args) =>
    session.references.get(args.number("layer"), RemoteLayer).addBlob(args.numbers("shape")),
};
