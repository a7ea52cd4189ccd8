import type { Argv, Options } from "yargs";
import type { Backend } from "../io/db/db.ts";

/** What `--backend` may say. */
export const backends: readonly Backend[] = ["lmdb", "leveldb"];

/** Adds `--backend`, the kind of database that is written. */
export function withBackend<T>(yargs: Argv<T>, byDefault: Backend = "lmdb"): Argv<T> {
  const backend: Options = {
    type: "string",
    choices: backends,
    default: byDefault,
    describe: "kind of database that is written",
  };
  return yargs.option("backend", backend) as unknown as Argv<T>;
}
