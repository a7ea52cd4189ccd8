/** Of a longer message beginning and end are kept, each so long: names, paths and texts come from files that others wrote. */
const LONGEST_MESSAGE = 4000;
const KEPT_OF_MESSAGE = 1000;

/** Base of every error this package throws on purpose; anything else that is thrown is a bug. */
export class CaffeError extends Error {
  override readonly name: string = "CaffeError";

  constructor(message: string, options?: ErrorOptions) {
    super(brief(message), options);
  }
}

function brief(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  const [begin, end] = [message.slice(0, KEPT_OF_MESSAGE), message.slice(-KEPT_OF_MESSAGE)];
  return `${begin}… (${message.length} characters) …${end}`;
}

/** A text-format file that cannot be read as the message it should hold; the text names file:line:column. */
export class PrototxtError extends CaffeError {
  override readonly name = "PrototxtError";
}

/** A binary file or database that is cut short, damaged, or of another format. */
export class FormatError extends CaffeError {
  override readonly name = "FormatError";
}

/** A file that is missing, cannot be read, or cannot be written. */
export class FileError extends CaffeError {
  override readonly name = "FileError";
}

/** A layer was given something it cannot work with; the text begins with the layer's name and type. */
export class LayerError extends CaffeError {
  override readonly name = "LayerError";
  /** The layer's name in the prototxt. */
  readonly layerName: string;
  /** Which sample of the batch it is about, where it is about one. */
  sample: number | undefined;

  constructor(
    layer: { readonly name?: string; readonly type?: string },
    message: string,
    options?: ErrorOptions,
  ) {
    super(`layer "${layer.name ?? ""}" (${layer.type ?? "no type"}): ${message}`, options);
    this.layerName = layer.name ?? "";
  }
}

/** A net whose layers do not fit together. */
export class NetError extends CaffeError {
  override readonly name = "NetError";
}

/** A solver that is configured or used wrongly, or a snapshot that does not fit it. */
export class SolverError extends CaffeError {
  override readonly name = "SolverError";
}

/** Training whose loss or weights are no numbers any more, or have exploded; the text names the layer. */
export class DivergenceError extends CaffeError {
  override readonly name = "DivergenceError";
}

/** An engine that cannot be loaded or whose library failed; the library's own error is the `cause`. */
export class EngineError extends CaffeError {
  override readonly name: string = "EngineError";
}

/** What can go wrong on a device. */
export type DeviceFailure = "limit" | "memory" | "shader" | "lost" | "use";

/** An addon that cannot be had here. */
export class MissingAddonError extends EngineError {
  /** What a user can do about it, as a sentence. */
  readonly mend: string;

  constructor(why: string, mend: string) {
    super(why);
    this.mend = mend;
  }
}

/** A device that refused or failed; the text names the layer whose work it was, where that is known. */
export class DeviceError extends EngineError {
  override readonly name = "DeviceError";
  readonly failure: DeviceFailure;
  /** The layer's name in the prototxt; "" where it was no layer's work. */
  readonly layerName: string;

  constructor(failure: DeviceFailure, layerName: string, message: string, options?: ErrorOptions) {
    super(`${layerName === "" ? "GPU" : `layer "${layerName}"`}: ${message}`, options);
    this.failure = failure;
    this.layerName = layerName;
  }
}

/** The error of a system call (`ENOENT`, `EACCES`, ...) in a sentence, or undefined for any other value. */
export function systemErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const known: Record<string, string> = {
    ENOENT: "no such file or directory",
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    EROFS: "the file system is read-only",
    EISDIR: "it is a directory",
    ENOTDIR: "a part of the path is not a directory",
    EEXIST: "there is something else of that name",
    ENOTEMPTY: "the directory is not empty",
    ELOOP: "its links lead in a circle",
    ENAMETOOLONG: "a name in the path is too long",
    EFBIG: "the file would be larger than the system allows",
    EDQUOT: "the disk quota is used up",
    EIO: "the device failed",
    EMFILE: "too many files are open",
    ENFILE: "too many files are open",
    EPIPE: "whoever read it has gone",
    ENXIO: "nobody reads it",
    EBUSY: "it is in use",
    ETXTBSY: "it is in use",
    EINVAL: "the system does not take it",
    ERR_INVALID_ARG_VALUE: "the path holds a character that no file system takes",
    ENOSPC: "no space is left on the device",
  };
  return known[String(error.code)] ?? error.message;
}
