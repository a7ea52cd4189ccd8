import type { PatientCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { readsDatabase } from "../../layer-kinds.ts";

/** Labels that change less often than this share of what chance would do are sorted. */
const SHARE = 0.2;

/**
 * Training records that lie sorted by their labels, and are read in this order: every batch is of one class, and the net
 * learns to say that class, then the next.
 */
export const sortedRecords: PatientCheck = {
  name: "sorted-records",
  *look({ nets }) {
    for (const { use, whole, sources } of nets) {
      if (use !== "train") continue;
      for (const {
        layer,
        message,
        path,
        isShuffled,
        seen,
        labels,
        changes,
        batchSize,
      } of sources) {
        if (isShuffled || labels.size < 2 || seen < 2 * batchSize) continue;
        let same = 0;
        for (const { count } of labels.values()) same += (count / seen) ** 2;
        const expected = (seen - 1) * (1 - same);
        if (changes >= SHARE * expected || expected < 10) continue;
        const field = readsDatabase(layer) ? "data_param" : "image_data_param";
        yield ofLayer(
          whole,
          layer,
          {
            severity: "error",
            what: `the ${seen} records of ${path} lie sorted by label (it changes ${changes} times) and are read so: nearly every batch is of one class.`,
            advice: `Write ${field} { shuffle: true … }${readsDatabase(layer) ? ", or make the database with convert_imageset --shuffle" : ""}.`,
          },
          { message, field: "source" },
        );
      }
    }
  },
};
