import { strangerOf } from "../files/file-kind.ts";

/** Kinds of files that come as images and are not read, by what they begin with: hexadecimal, from a byte on. */
const kinds: readonly (readonly [name: string, begin: string, at?: number])[] = [
  ["a JPEG 2000 image", "0000000c6a5020200d0a870a"],
  ["a JPEG 2000 codestream", "ff4fff51"],
  ["a JPEG XL image", "0000000c4a584c20"],
  ["a JPEG XL codestream", "ff0a"],
  ["a Sun raster image", "59a66a95"],
  ["a Radiance HDR image", "233f52414449414e4345"],
  ["a Radiance HDR image", "233f52474245"],
  ["an OpenEXR image", "762f3101"],
  ["a PAM image", "50370a"],
  ["a PFM image", "50460a"],
  ["a PFM image", "50660a"],
  ["an AVIF image", "6674797061766966", 4],
  ["a HEIF image", "6674797068656963", 4],
  ["a HEIF image", "667479706d696631", 4],
  ["a Photoshop image", "38425053"],
  ["an icon", "00000100"],
  ["a big TIFF", "49492b00"],
  ["a big TIFF", "4d4d002b"],
];

/** What a file is that is no image of a kind that is read, and what to do, as far as its first bytes say. */
export function unreadKindOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "empty";
  const head = bytes.slice(0, 64);
  const hex = Array.from(head, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const kind = kinds.find(([, begin, at = 0]) => hex.startsWith(begin, 2 * at))?.[0];
  const isSvg = /^\s*<(?:\?xml|svg)/.test(new TextDecoder("latin1").decode(head));
  if (kind || isSvg) return `${kind ?? "an SVG drawing"}. Convert it, to PNG for one`;
  const stranger = strangerOf(bytes);
  // These are read, so the head must be damaged.
  if (stranger?.what.endsWith(" image")) return `${stranger.what} that is damaged in its head`;
  return stranger && `${stranger.what}. ${stranger.advice.replace(/\.$/, "")}`;
}
