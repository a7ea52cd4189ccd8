import type { largeRoom as room } from "../addons/large-pages.ts";
import type {
  choicesOf as choices,
  loadNativeEngine as load,
  nativeVersion as version,
} from "../engines/native/binding.ts";
import type { imagesAddon as images } from "../io/images/addon.ts";
import { EngineError } from "../util/errors.ts";

// Stands for what is compiled in a page, where nothing is: plain loops serve.

export const loadNativeEngine: typeof load = () => {
  throw new EngineError("a browser has none");
};

export const choicesOf: typeof choices = () => undefined;

export const nativeVersion: typeof version = () => "not in a browser";

export const imagesAddon: typeof images = () => undefined;

export const largeRoom: typeof room = (bytes) => new Uint8Array(bytes);
