import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDatabase } from "../../src/io/db/open.ts";
import { encodeDatum } from "../../src/io/proto/datum.ts";
import { encodeCaffemodel } from "../../src/io/weights/caffemodel.ts";

/** A record whose scores are its data. */
export interface ScoredRecord {
  readonly key: string;
  readonly label: number;
  readonly scores: readonly number[];
  /** Of a map of scores; 1 by 1 by default. */
  readonly height?: number;
  readonly width?: number;
}

/** Writes records as an LMDB, and weights of no layer beside them (`none.caffemodel`). */
export async function writeScored(
  folder: string,
  name: string,
  records: readonly ScoredRecord[],
): Promise<void> {
  const database = await createDatabase(join(folder, name), "lmdb");
  for (const { key, label, scores, height = 1, width = 1 } of records) {
    const floatData = Float32Array.from(scores);
    await database.put(
      key,
      encodeDatum({ channels: scores.length / (height * width), height, width, label, floatData }),
    );
  }
  await database.finish();
  writeFileSync(join(folder, "none.caffemodel"), Buffer.concat(encodeCaffemodel({ name: "none" })));
}

/** A net that reads such records, and what it makes of them. */
export function scoredNet(source: string, batch: number, layers: string): string {
  return `layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "${source}" batch_size: ${batch} backend: LMDB } }
${layers}
`;
}
