import { loadAddonFile } from "../addons/addon-file.ts";
import { CaffeError, MissingAddonError } from "../util/errors.ts";

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

let addon: BridgeAddon | undefined;

/**
 * The addon, loaded at first use.
 * @throws CaffeError where it has not been built
 */
export function bridgeAddon(): BridgeAddon {
  try {
    addon ??= loadAddonFile("caffe_bridge") as BridgeAddon;
    return addon;
  } catch (error) {
    if (!(error instanceof MissingAddonError)) throw error;
    throw new CaffeError(
      `memory cannot be shared with another program: ${error.message}. ${error.mend}`,
      { cause: error },
    );
  }
}
