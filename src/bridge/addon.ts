import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { CaffeError } from "../util/errors.ts";

/** Memory that another process maps too. */
export interface SharedMemory {
  readonly memory: ArrayBuffer;
  /** What the other process opens. */
  readonly path: string;
  /** Open here until the other process has mapped it. */
  readonly descriptor: number;
  /** Whether `path` is a file of its own, to be removed when the other process has mapped it. */
  readonly isNamed: boolean;
}

/** What native/src/bridge.cc offers. */
interface BridgeAddon {
  /** Memory of that many bytes, at least one, all zeros. */
  share(bytes: number): SharedMemory;
  /** Two descriptors of one connection, on which reading waits. */
  socketPair(): [number, number];
  /** Whether something can be read from a descriptor before so many microseconds have passed; it looks without sleeping. */
  comes(descriptor: number, microseconds: number): boolean;
}

/** Where the build leaves the addon: the package's own folder, seen from src and from dist alike. */
const FILE = fileURLToPath(new URL("../../build/Release/caffe_bridge.node", import.meta.url));

let addon: BridgeAddon | undefined;

/**
 * The addon, loaded at first use.
 * @throws CaffeError where it has not been built
 */
export function bridgeAddon(): BridgeAddon {
  try {
    addon ??= createRequire(import.meta.url)(FILE) as BridgeAddon;
    return addon;
  } catch (error) {
    throw new CaffeError(
      "memory cannot be shared with another program: the addon has not been built. Run npm run setup, which needs g++ and make.",
      { cause: error },
    );
  }
}
