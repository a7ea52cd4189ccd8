import type { Answered } from "../http/http-server.ts";
import type { Log } from "../util/log.ts";
import {
  aFunction,
  finite,
  type OptionNames,
  text,
  whole,
  withoutUndefined,
} from "../util/options.ts";
import type { ServedFiles } from "./models/served-files.ts";
import type { ModelSource } from "./models/served-model.ts";

/** What is served, where, and within which limits. */
export interface ServeOptions {
  /** Each by its files, or by what says which files they are now. */
  readonly models: readonly (ServedFiles | ModelSource)[];
  /** 127.0.0.1 by default: programs of this machine alone. */
  readonly host?: string | undefined;
  /** 8000 by default; 0 for any that is free. */
  readonly port?: number | undefined;
  /** Milliseconds that a request waits for others to run with; 0 by default. */
  readonly maxDelay?: number | undefined;
  /** Requests that wait for a model at most; 256 by default. */
  readonly maxQueue?: number | undefined;
  /** Milliseconds that an answer may take; 30,000 by default. */
  readonly timeout?: number | undefined;
  /** Bytes of a request; 64 MiB by default. */
  readonly maxBody?: number | undefined;
  /** Bytes of a request's JSON, which holds others up while it is parsed; 16 MiB by default. */
  readonly maxJson?: number | undefined;
  /** Pixels of a picture; 25 million by default. */
  readonly maxPixels?: number | undefined;
  /** Milliseconds within which a request has to be there whole; 30,000 by default. */
  readonly receiveTimeout?: number | undefined;
  /**
   * Passes of a model that run side by side when several requests are there, each on its share of the cores; one that is alone has all.
   * 2 by default; never more than there are cores.
   */
  readonly workers?: number | undefined;
  /** Milliseconds between two looks at the models' files; 1000 by default, 0 to look never. */
  readonly reload?: number | undefined;
  /** Connections at a time; 1024 by default. */
  readonly maxConnections?: number | undefined;
  /** Milliseconds that requests have to end when the server is closed; 10,000 by default. */
  readonly drain?: number | undefined;
  /** Is told of warnings and of what becomes of models; nobody by default. */
  readonly log?: Log | undefined;
  /** Is told of every request. */
  readonly onAnswer?: ((answered: Answered) => void) | undefined;
}

/** What holds where nothing is said, in the units of the options. */
export const SERVE_DEFAULTS = {
  host: "127.0.0.1",
  port: 8000,
  maxDelay: 0,
  maxQueue: 256,
  timeout: 30_000,
  maxBody: 64 * 2 ** 20,
  maxJson: 16 * 2 ** 20,
  maxPixels: 25e6,
  receiveTimeout: 30_000,
  workers: 2,
  reload: 1000,
  maxConnections: 1024,
  drain: 10_000,
} as const;

/** Options that have defaults, none of them open. */
type Settled = {
  readonly [Name in keyof typeof SERVE_DEFAULTS]: NonNullable<ServeOptions[Name]>;
};

/** What holds: the options, and the defaults of those that are not given. */
export function withDefaults(options: ServeOptions): Settled {
  return { ...SERVE_DEFAULTS, ...withoutUndefined(options) } as Settled;
}

export const serveOptions: OptionNames<ServeOptions> = {
  ...{ models: true, host: text, port: whole, workers: whole, reload: finite, drain: finite },
  ...{ maxDelay: finite, maxQueue: whole, maxBody: whole, maxJson: whole, maxPixels: whole },
  ...{ timeout: finite, receiveTimeout: finite, maxConnections: whole },
  ...{ log: aFunction, onAnswer: aFunction },
};
