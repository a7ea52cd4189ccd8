import type { Failure } from "../../util/failure.ts";
import type { Severity } from "../../util/log.ts";
import type { Listening } from "../server.ts";
import type { LiveLink } from "./live-link.ts";

/** What the dashboard's thread is given. */
export interface ThreadData {
  /** Of the run that is trained here. */
  readonly folder: string;
  /** Where other runs lie. */
  readonly folders: readonly string[];
  readonly listening: Listening;
  /** Names of classes by their numbers. */
  readonly classes: ReadonlyMap<number, string>;
}

type Call = {
  [Name in keyof LiveLink]: { readonly name: Name; readonly args: Parameters<LiveLink[Name]> };
}[keyof LiveLink];

/** What the thread asks of the run, or that it has ended as it was asked to. */
export type FromThread =
  | { readonly kind: "open"; readonly url: string }
  | { readonly kind: "failed"; readonly failure: Failure }
  | {
      readonly kind: "log";
      readonly severity: Severity;
      readonly source: string;
      readonly message: string;
    }
  | { readonly kind: "call"; readonly number: number; readonly call: Call }
  | { readonly kind: "closed" };

/** What the thread is told. */
export type ToThread =
  | { readonly kind: "answer"; readonly number: number; readonly value: unknown }
  | { readonly kind: "refused"; readonly number: number; readonly failure: Failure }
  | { readonly kind: "close" };
