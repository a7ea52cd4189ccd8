import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import type { Net } from "../net.ts";

/**
 * Which sources of a net a test of so many batches goes through more than once, in words, and what to set instead: scores are
 * means in which some of their records count twice.
 *
 * @param setting how that many batches are asked for, such as `test_iter: 10`
 */
export function repeatedRecords(
  { layers, layerKeys }: Net,
  batches: number,
  setting: (batches: number) => string,
): readonly string[] {
  return layers.flatMap((layer, i) => {
    const counts = layer.recordsInPass();
    if (!counts || counts.batch * batches <= counts.pass) return [];
    const read = counts.batch * batches;
    return `${batches} batches of ${counts.batch} are ${read} records, and layer "${layerKeys[i]}" has ${counts.pass}: ${read - counts.pass} count more than once. ${advice(counts, setting)}`;
  });
}

function advice({ pass, batch }: RecordCounts, setting: (batches: number) => string): string {
  const whole = Math.floor(pass / batch);
  if (whole * batch === pass) return `Give ${setting(whole)}.`;
  let divisor = Math.min(batch, pass);
  while (pass % divisor !== 0) divisor--;
  const each = `batch_size: ${divisor} and ${setting(pass / divisor)}`;
  if (whole === 0) return `Give ${each}.`;
  return `Give ${setting(whole)}, which leaves out ${pass - whole * batch}, or ${each}.`;
}
