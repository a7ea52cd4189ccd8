import type { Blob } from "../blob/blob.ts";
import { CaffeError, LayerError } from "../util/errors.ts";
import { Args } from "./args.ts";
import type { Channel, Message } from "./channel.ts";
import { giveUp } from "./held.ts";
import { References } from "./references.ts";
import { SharedArrays } from "./shared-arrays.ts";

/** An answer with bytes beside its JSON. */
export class Bytes {
  readonly value: unknown;
  readonly bytes: Uint8Array;

  constructor(value: unknown, bytes: Uint8Array) {
    this.value = value;
    this.bytes = bytes;
  }
}

/** Does what the other side asks for, and gives what it is answered: plain JSON, or `Bytes`. */
export type Request = (session: Session, args: Args, bytes: Buffer) => unknown;

/** An exception of the other side, which it knows by a number: where it goes back there it is the same again. */
class PeerError extends CaffeError {
  override readonly name = "PeerError";
  readonly id: number;

  constructor(message: string, id: number) {
    super(message);
    this.id = id;
  }
}

/**
 * A conversation with a program in another language that uses this engine, or whose layers the engine uses.
 *
 * One side runs at a time, as with a call of a function: who has asked waits for the answer, and answers meanwhile what
 * the other asks in between. A message is `{ op, … }`, or the answer `{ ok }` or `{ error }`. Each also says which shared
 * arrays have changed (`changed`, `gone`) or are not held any more (`released`), which layers are gone (`forgotten`), and
 * which nets and solvers are given up (`given_up`).
 */
export class Session {
  readonly references: References = new References();
  readonly arrays: SharedArrays = new SharedArrays();
  /** Called with a blob whose gradient the other side is about to look at. */
  beforeDiff: (blob: Blob) => void = () => {};
  readonly #channel: Channel;
  readonly #requests: Readonly<Record<string, Request>>;
  readonly #whoEnded: () => string;
  /** How many of our questions wait for their answers. */
  #depth = 0;
  #isEnded = false;
  #forgotten: number[] = [];

  /** @param whoEnded says in words what has ended, where an answer does not come */
  constructor(
    channel: Channel,
    requests: Readonly<Record<string, Request>>,
    whoEnded: () => string,
  ) {
    this.#channel = channel;
    this.#requests = requests;
    this.#whoEnded = whoEnded;
  }

  /** Whether what is asked for now is asked while the other side has a question of ours to answer. */
  get isWithinCall(): boolean {
    return this.#depth > 0;
  }

  /** The other side may give up its object of that number; it is told with what is said next. */
  forget(id: number): void {
    this.#forgotten.push(id);
  }

  /** Asks, and waits for the answer: nothing else runs meanwhile but what the other side asks for. */
  call(op: string, fields: Readonly<Record<string, unknown>> = {}): unknown {
    this.#checkOpen();
    this.arrays.show();
    this.#depth++;
    try {
      this.#send({ op, ...fields });
      for (;;) {
        const message = this.#receive();
        if (!message) return this.#end();
        if (typeof message.head["op"] === "string") this.#answerNow(message.head["op"], message);
        else return resultOf(message);
      }
    } finally {
      this.#depth--;
    }
  }

  /** Answers one question after the other, until the other side ends. */
  async serve(): Promise<void> {
    for (;;) {
      const message = this.#receive();
      if (!message) break;
      const op = String(message.head["op"]);
      let answer: Message["head"];
      let bytes: Uint8Array | undefined;
      try {
        const given = this.#run(op, message);
        const value = given instanceof Promise ? await given : given;
        if (!this.arrays.areOnHost) await this.arrays.toHost();
        this.arrays.show();
        [answer, bytes] = answerOf(value);
      } catch (error) {
        await this.arrays.toHost().catch(() => {});
        this.arrays.show();
        answer = refusalOf(error);
      }
      this.#send(answer, bytes);
    }
    this.#isEnded = true;
    this.arrays.close();
  }

  #send(head: Message["head"], bytes?: Uint8Array): void {
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    // Where nobody takes it, nothing comes either, and that is looked at.
    this.#channel.send(
      { ...head, ...this.arrays.news(), ...(forgotten.length > 0 && { forgotten }) },
      bytes,
    );
  }

  #answerNow(op: string, message: Message): void {
    let answer: Message["head"];
    let bytes: Uint8Array | undefined;
    try {
      const value = this.#run(op, message);
      if (value instanceof Promise) {
        value.catch(() => {});
        throw new CaffeError(
          `${op} is asked for within a layer or a callback, and has to wait for what runs that. Expected it outside.`,
        );
      }
      this.arrays.show();
      [answer, bytes] = answerOf(value);
    } catch (error) {
      answer = refusalOf(error);
    }
    this.#send(answer, bytes);
  }

  #run(op: string, { head, bytes }: Message): unknown {
    const request = Object.hasOwn(this.#requests, op) ? this.#requests[op] : undefined;
    if (!request) throw new CaffeError(`there is no request ${op}. Expected one of this version.`);
    return request(this, new Args(op, head), bytes);
  }

  /** What the other side says next; it has control no more. */
  #receive(): Message | undefined {
    const message = this.#channel.receive();
    if (!message) return undefined;
    const released = message.head["released"];
    if (Array.isArray(released)) this.arrays.release(released as number[]);
    this.arrays.taken();
    const givenUp = message.head["given_up"];
    if (Array.isArray(givenUp)) for (const held of givenUp as number[]) giveUp(this, held);
    return message;
  }

  #end(): never {
    this.#isEnded = true;
    throw new CaffeError(this.#whoEnded());
  }

  #checkOpen(): void {
    if (this.#isEnded) throw new CaffeError(this.#whoEnded());
  }
}

/** Whether an error began as an exception of the other side, whose text has lines: it may tell where that was. */
export function isOfPeer(error: unknown): boolean {
  return peerErrorOf(error).id !== undefined;
}

function resultOf({ head }: Message): unknown {
  const { error } = head;
  if (error === undefined) return head["ok"];
  const { message, id } = error as { readonly message: string; readonly id: number };
  throw new PeerError(message, id);
}

function answerOf(value: unknown): [Message["head"], Uint8Array | undefined] {
  if (value instanceof Bytes) return [{ ok: value.value ?? null }, value.bytes];
  // JSON has no NaN and no infinity.
  if (typeof value === "number" && !Number.isFinite(value))
    return [{ number: `${value}` }, undefined];
  return [{ ok: value ?? null }, undefined];
}

function refusalOf(error: unknown): Message["head"] {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const isFault = !(error instanceof CaffeError);
  const text = isFault && error instanceof Error ? (error.stack ?? message) : message;
  return { error: { kind: name, message: text, ...peerErrorOf(error) } };
}

/** The other side's number of its exception that led to this error, and the layer that it came from. */
function peerErrorOf(error: unknown): { readonly id?: number; readonly layer?: string } {
  let layer: string | undefined;
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof LayerError) layer = one.layerName;
    if (one instanceof PeerError) return { id: one.id, ...(layer !== undefined && { layer }) };
  }
  return {};
}
