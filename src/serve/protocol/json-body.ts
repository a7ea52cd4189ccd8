import { HttpError } from "../../http/http-error.ts";
import { cut } from "../../util/printable.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * What a body of JSON says. The thread that parses it answers nobody else meanwhile, so large ones are refused.
 *
 * @param maxJson bytes at most
 * @param instead how so much can be sent otherwise, for the message
 * @throws HttpError 413 where it is larger, 400 where it is no JSON, or no text in UTF-8
 */
export function parseJsonBody(bytes: Uint8Array, maxJson: number, instead: string): unknown {
  if (bytes.byteLength > maxJson) {
    throw new HttpError(
      413,
      `the JSON has ${bytes.byteLength} bytes. Expected ${maxJson} at most; ${instead}.`,
    );
  }
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch (error) {
    throw new HttpError(
      400,
      `the body is no JSON: ${cut((error as Error).message)}.`,
      {},
      { cause: error },
    );
  }
}
