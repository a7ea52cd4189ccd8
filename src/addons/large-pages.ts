import { loadAddonFile } from "./addon-file.ts";

/** What native/src/bridge.cc offers for arrays. */
interface RoomAddon {
  /** @throws Error where there is no such room */
  largeRoom(bytes: number): ArrayBuffer;
}

/** Bytes from which memory has pages of its own: less is taken of what has been used before. */
const LEAST = 2 ** 17;

let addon: RoomAddon | null | undefined;

/**
 * Zeros for an array that is about to be filled and stays, in large pages where the system has such: on some machines to touch memory for the
 * first time takes longer than to write there, page by page. The buffer is not transferred to other threads. It is like any other where nothing is
 * compiled.
 */
export function largeRoom(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes >= LEAST) {
    if (addon === undefined) addon = load();
    try {
      if (addon) return new Uint8Array(addon.largeRoom(bytes));
    } catch {
      // There may be room elsewhere.
    }
  }
  return new Uint8Array(bytes);
}

function load(): RoomAddon | null {
  try {
    return loadAddonFile("caffe_bridge") as RoomAddon;
  } catch {
    return null;
  }
}
