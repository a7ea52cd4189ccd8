import { HttpError } from "../../http/http-error.ts";
import { imageHeader } from "../../io/images/header.ts";
import { cut } from "../../util/printable.ts";
import type { Picture } from "../models/messages.ts";
import { parseJsonBody } from "./json-body.ts";

/** A picture, and its file's name where it was told. */
interface SentPicture {
  readonly file: string | undefined;
  readonly picture: Picture;
}

/** How much a request may have. */
interface PictureLimits {
  /** Pixels of one picture: a small file may hold very many. */
  readonly maxPixels: number;
  /** Bytes of JSON. */
  readonly maxJson: number;
}

/** Pictures of one request at most. */
const MOST_PICTURES = 64;

/**
 * Reads pictures of a request: bytes of one, a form of files (`multipart/form-data`), or JSON with `image` or `images` in base64.
 * `top`, `oversample` and `mask` stand in the query, in a form's fields, or in the JSON.
 *
 * @throws HttpError 400 where it is none of these, 413 where there are too many pictures or pixels, or too much JSON; FormatError where one is no picture
 */
export async function readPictures(
  body: Uint8Array,
  type: string,
  query: URLSearchParams,
  { maxPixels, maxJson }: PictureLimits,
): Promise<SentPicture[]> {
  const { files, wishes } = await contentOf(body, type, maxJson);
  if (files.length === 0 || files.length > MOST_PICTURES) {
    throw new HttpError(
      files.length === 0 ? 400 : 413,
      `the request has ${files.length} pictures. Expected 1 to ${MOST_PICTURES}.`,
    );
  }
  const wish = (name: string): unknown => query.get(name) ?? wishes[name];
  const top = topOf(wish("top"));
  const [oversample, mask] = [truthOf("oversample", wish), truthOf("mask", wish)];
  return files.map(({ file, bytes }) => {
    const { height, width } = imageHeader(bytes, file ?? "the picture");
    if (height * width > maxPixels) {
      throw new HttpError(
        413,
        `the picture has ${height}×${width} pixels. Expected ${maxPixels} at most.`,
      );
    }
    return { file, picture: { bytes, top, oversample, mask } };
  });
}

interface Content {
  readonly files: readonly { readonly file: string | undefined; readonly bytes: Uint8Array }[];
  readonly wishes: Readonly<Record<string, unknown>>;
}

async function contentOf(body: Uint8Array, type: string, maxJson: number): Promise<Content> {
  if (/^multipart\/form-data/i.test(type)) return await formOf(body, type);
  if (/^application\/json/i.test(type)) return jsonOf(body, maxJson);
  return { files: [{ file: undefined, bytes: body }], wishes: {} };
}

/** More parts than this are not looked at. */
const MOST_PARTS = 2 * MOST_PICTURES;

async function formOf(body: Uint8Array, type: string): Promise<Content> {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? [];
  const boundary = `--${quoted ?? plain ?? ""}`;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let parts = 0;
  for (let at = bytes.indexOf(boundary); at >= 0; at = bytes.indexOf(boundary, at + 1)) {
    if (++parts > MOST_PARTS) {
      throw new HttpError(
        413,
        `the form has more than ${MOST_PARTS} parts. Expected at most that.`,
      );
    }
  }
  let form: Awaited<ReturnType<Response["formData"]>>;
  try {
    form = await new Response(body as Uint8Array<ArrayBuffer>, {
      headers: { "content-type": type },
    }).formData();
  } catch (error) {
    throw new HttpError(400, "the form is damaged.", {}, { cause: error });
  }
  const wishes: Record<string, unknown> = Object.create(null);
  const files: { file: string; bytes: Uint8Array }[] = [];
  for (const [name, value] of form) {
    if (typeof value === "string") wishes[name] = value;
    else files.push({ file: value.name, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return { files, wishes };
}

function jsonOf(body: Uint8Array, maxJson: number): Content {
  const json = parseJsonBody(body, maxJson, "a picture may be sent as it is, or in a form");
  const wishes = (typeof json === "object" && json !== null ? json : {}) as Record<string, unknown>;
  const given = wishes["images"] ?? [wishes["image"]];
  const images: readonly unknown[] = Array.isArray(given) ? given : [];
  return {
    files: images.map((image) => {
      if (typeof image !== "string" || image === "") {
        throw new HttpError(400, 'an image is no text. Expected { "image": "…" } in base64.');
      }
      const [, data = image] = /^data:[^,]*;base64,(.*)$/s.exec(image) ?? [];
      return { file: undefined, bytes: Uint8Array.from(Buffer.from(data, "base64")) };
    }),
    wishes,
  };
}

function topOf(given: unknown): number {
  if (given === undefined) return 5;
  const top = typeof given === "string" && given !== "" ? Number(given) : given;
  if (Number.isInteger(top) && (top as number) >= 1) return top as number;
  throw new HttpError(400, `top is ${cut(JSON.stringify(given))}. Expected a number, 1 or more.`);
}

function truthOf(name: string, wish: (name: string) => unknown): boolean {
  const given = wish(name);
  const word = String(given ?? false);
  if (word === "true" || word === "1") return true;
  if (word === "false" || word === "0") return false;
  throw new HttpError(400, `${name} is ${cut(JSON.stringify(given))}. Expected true or false.`);
}
