import { failureOf } from "../../util/failure.ts";
import type { Picture, Shown } from "./messages.ts";
import type { PictureModel, PreparedPicture } from "./picture-models.ts";
import { cutRows, joinedByName, type Tensors } from "./tensors.ts";

/** Runs rows of inputs through a net. @returns as many rows of its outputs */
type Run = (inputs: Tensors, rows: number) => Promise<Tensors>;

/**
 * What each picture shows: all are prepared, and those that can share a pass run in one. One that cannot be read fails for itself.
 */
export async function lookAt(
  pictures: readonly Picture[],
  model: PictureModel,
  run: Run,
): Promise<Shown[]> {
  const prepared = await Promise.allSettled(pictures.map((picture) => model.prepare(picture)));
  const ready = prepared.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const said = await sayAll(ready, run);
  return prepared.map((one) => {
    return one.status === "fulfilled"
      ? (said.get(one.value) as Shown)
      : { failure: failureOf(one.reason) };
  });
}

async function sayAll(
  pictures: readonly PreparedPicture[],
  run: Run,
): Promise<ReadonlyMap<PreparedPicture, Shown>> {
  const said = new Map<PreparedPicture, Shown>();
  const say = async (picture: PreparedPicture, what: () => object | Promise<object>) => {
    try {
      said.set(picture, { said: await what() });
    } catch (error) {
      said.set(picture, { failure: failureOf(error) });
    }
  };
  const together = pictures.flatMap((picture) => ("look" in picture ? [] : [picture]));
  const outputs = await runTogether(together, run);
  let at = 0;
  for (const picture of together) {
    const { rows, tell } = picture;
    const from = at;
    at += rows;
    await say(picture, () => tell(cutRows(outputs, from, rows)));
  }
  for (const picture of pictures) if ("look" in picture) await say(picture, picture.look);
  return said;
}

async function runTogether(
  pictures: readonly { readonly inputs: Tensors; readonly rows: number }[],
  run: Run,
): Promise<Tensors> {
  if (pictures.length === 0) return {};
  const rows = pictures.reduce((sum, picture) => sum + picture.rows, 0);
  return await run(joinedByName(pictures.map(({ inputs }) => inputs)), rows);
}
