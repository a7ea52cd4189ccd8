import { CaffeError } from "../../util/errors.ts";

/**
 * sharp, loaded where a picture first needs it: a program without pictures does not wait for it.
 *
 * @throws CaffeError where its compiled library is missing, an optional package that npm may have been told to leave out
 */
export async function loadSharp(): Promise<typeof import("sharp").default> {
  try {
    return (await import("sharp")).default;
  } catch (error) {
    throw new CaffeError(
      `sharp, which reads and writes pictures, cannot be loaded: its library for ${process.platform}-${process.arch} is missing. Run npm install --include=optional sharp`,
      { cause: error },
    );
  }
}
