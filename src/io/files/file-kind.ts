import { FormatError } from "../../util/errors.ts";

/** What a file is, and what to do with it where another kind was wanted. */
interface Kind {
  readonly what: string;
  readonly advice: string;
  readonly is: (bytes: Uint8Array, head: string) => boolean;
}

/** What a reader may want. */
export type Wanted =
  | "a net's prototxt"
  | "a solver's prototxt"
  | "a .caffemodel"
  | "a .solverstate"
  | "a mean file (.binaryproto)"
  | "a list in UTF-8"
  | "a log of caffe train"
  | "an ONNX file";

/** Bytes of a file's beginning that are looked at. */
const HEAD = 4096;

const begins =
  (...signature: readonly (number | string)[]) =>
  (bytes: Uint8Array): boolean => {
    const wanted = signature.flatMap((part) =>
      typeof part === "number" ? [part] : [...part].map((letter) => letter.charCodeAt(0)),
    );
    return wanted.every((byte, i) => bytes[i] === byte);
  };

const unpack = (how: string): string => `Unpack it first (${how}).`;
const image = "Images go to a list, a database, or to caffe classify.";

/** Kinds that no reader of nets and weights takes; the first that fits is it. */
const strangers: readonly Kind[] = [
  {
    what: "a Git LFS pointer, not the file itself",
    advice: "Run git lfs pull where it came from, or download the file itself.",
    is: (_, head) => head.startsWith("version https://git-lfs.github.com/spec/"),
  },
  {
    what: "a web page",
    advice:
      "The server sent a page in place of the file; download it again, by the link to the raw file.",
    is: (_, head) => /^\s*<(?:!doctype\s+html|html|head|body)\b/i.test(head),
  },
  {
    what: "an XML file",
    advice: "Check which file it is.",
    is: (_, head) => /^\s*<\?xml\b/.test(head),
  },
  { what: "compressed with gzip", advice: unpack("gunzip"), is: begins(0x1f, 0x8b) },
  { what: "compressed with bzip2", advice: unpack("bunzip2"), is: begins("BZh") },
  { what: "compressed with xz", advice: unpack("unxz"), is: begins(0xfd, "7zXZ", 0) },
  { what: "compressed with zstd", advice: unpack("unzstd"), is: begins(0x28, 0xb5, 0x2f, 0xfd) },
  { what: "a 7z archive", advice: unpack("7z x"), is: begins("7z", 0xbc, 0xaf, 0x27, 0x1c) },
  { what: "a RAR archive", advice: unpack("unrar x"), is: begins("Rar!", 0x1a, 7) },
  {
    what: "a zip archive (PyTorch's .pth and NumPy's .npz are such, too)",
    advice: unpack("unzip"),
    is: begins("PK", 3, 4),
  },
  {
    what: "a tar archive",
    advice: unpack("tar xf"),
    is: (bytes) => begins("ustar")(bytes.subarray(257)),
  },
  { what: "a PNG image", advice: image, is: begins(0x89, "PNG") },
  { what: "a JPEG image", advice: image, is: begins(0xff, 0xd8, 0xff) },
  { what: "a GIF image", advice: image, is: begins("GIF8") },
  {
    what: "a WebP image",
    advice: image,
    is: (bytes) => begins("RIFF")(bytes) && begins("WEBP")(bytes.subarray(8)),
  },
  { what: "a PDF", advice: "Check which file it is.", is: begins("%PDF-") },
  {
    what: "a Python pickle (PyTorch, Theano)",
    advice: "Such weights are not read here; convert them to a .caffemodel.",
    is: (bytes) => bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5,
  },
  {
    what: "text in UTF-16",
    advice: "Save it as UTF-8.",
    is: (bytes) => begins(0xff, 0xfe)(bytes) || begins(0xfe, 0xff)(bytes) || isWideText(bytes),
  },
];

const npy: Kind = {
  what: "a NumPy array",
  advice: "A mean in that form has a name that ends in .npy.",
  is: begins(0x93, "NUMPY"),
};
const hdf5: Kind = {
  what: "an HDF5 file",
  advice: "Only weights and states may be in HDF5.",
  is: begins(0x89, "HDF", 0x0d, 0x0a, 0x1a, 0x0a),
};
const solverText: Kind = {
  what: "a solver's prototxt",
  advice: "It goes to --solver of caffe train; the net that it names is the model.",
  is: (bytes, head) => isText(bytes) && solverField.test(head) && !netField.test(head),
};
const netText: Kind = {
  what: "a net's prototxt",
  advice: "It goes to --model, or to the field net of a solver.",
  is: (bytes, head) => isText(bytes) && netField.test(head) && !solverField.test(head),
};
const anyText: Kind = {
  what: "text",
  advice: "Check which file it is; a prototxt goes to --model or --solver.",
  is: isText,
};
const state: Kind = {
  what: "a .solverstate",
  advice: "It goes to --snapshot; its weights are in the .caffemodel of the same name.",
  is: (bytes) => bytes[0] === 0x08 && [0x12, 0x1a, 0x20].includes(afterVarint(bytes)),
};
const weights: Kind = {
  what: "binary, perhaps a .caffemodel",
  advice: "Weights go to --weights.",
  is: (bytes) => bytes.length > 0 && !isText(bytes),
};

const solverField =
  /^\s*(?:(?:base_lr|lr_policy|max_iter|test_iter|test_interval|snapshot_prefix|solver_mode|train_net)\s*:|(?:train_|test_)?net_param\s*:?\s*\{)/m;
const netField = /^\s*(?:layers?\s*:?\s*\{|input(?:_dim|_shape)?\s*[:{])/m;

/** Kinds that are refused where one is wanted, besides strangers. */
const refused: Readonly<Record<Wanted, readonly Kind[]>> = {
  "a net's prototxt": [hdf5, npy, solverText, state, weights],
  "a solver's prototxt": [hdf5, npy, netText, state, weights],
  "a .caffemodel": [npy, solverText, netText, anyText, state],
  "a .solverstate": [npy, solverText, netText, anyText],
  "a mean file (.binaryproto)": [npy, hdf5, solverText, netText, anyText],
  "a list in UTF-8": [
    npy,
    { ...hdf5, advice: "A list is a text that names such files, one a line." },
  ],
  "a log of caffe train": [npy, hdf5],
  "an ONNX file": [npy, hdf5, solverText, netText],
};

/**
 * Makes sure that a file is not of a kind that is known, and another than the one that is wanted. A file that is
 * damaged passes: its reader says where.
 *
 * @throws FormatError that says what it is and what to do
 */
export function checkKind(bytes: Uint8Array, source: string, wanted: Wanted): void {
  const start = bytes.subarray(0, HEAD);
  const head = new TextDecoder().decode(start);
  const kind = [...strangers, ...refused[wanted]].find(({ is }) => is(start, head));
  if (!kind) return;
  throw new FormatError(`${source}: this is ${kind.what}. Expected ${wanted}. ${kind.advice}`);
}

/** What a file is that nothing here reads, and what to do with it; undefined where that is not known. */
export function strangerOf(bytes: Uint8Array): Pick<Kind, "what" | "advice"> | undefined {
  const start = bytes.subarray(0, HEAD);
  const head = new TextDecoder().decode(start);
  return strangers.find(({ is }) => is(start, head));
}

/** Whether bytes are text as people write it: no controls, and something to see. */
function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, HEAD);
  let controls = 0;
  for (const byte of start) {
    if (byte === 0) return false;
    if (byte < 0x20 && !(byte >= 9 && byte <= 13)) controls++;
  }
  return start.length > 1 && controls * 20 < start.length && !hasBrokenCharacter(start);
}

/** How a layer of a .caffemodel begins, whatever text it holds: 0xa2 0x06, the first of which UTF-8 cannot hold alone. */
const LAYER = "\ufffd\u0006";

/** Whether there is more than one byte that UTF-8 cannot hold, or a layer; the last character may be cut. */
function hasBrokenCharacter(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, Math.max(0, bytes.length - 3)));
  return text.includes(LAYER) || (text.match(/\ufffd/g)?.length ?? 0) > bytes.length / 50;
}

/** Text in which every second byte is 0, as UTF-16 without a mark has it. */
function isWideText(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false;
  const start = bytes.subarray(0, 64);
  const zeros = [0, 0];
  for (const [i, byte] of start.entries()) if (byte === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
  const half = start.length / 2;
  const [even = 0, odd = 0] = zeros;
  return (even > 0.9 * half && odd === 0) || (odd > 0.9 * half && even === 0);
}

/** The byte behind the first field, a number. */
function afterVarint(bytes: Uint8Array): number {
  let i = 1;
  while (i < 6 && (bytes[i] ?? 0) >= 0x80) i++;
  return bytes[i + 1] ?? 0;
}
