import type { PatientCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";

/** From this share of the test images on the score says something else than it seems to. */
const SHARE = 0.01;

/**
 * Images that are trained with and tested with: a net that knows them by heart scores well on them, and the score says
 * nothing of new ones. Compared are the stored bytes.
 */
export const seenInTraining: PatientCheck = {
  name: "seen-in-training",
  *look({ nets }) {
    const trained = nets.filter(({ use }) => use === "train").flatMap(({ sources }) => sources);
    for (const net of nets) {
      if (net.use !== "test") continue;
      for (const source of net.sources) {
        const part = { message: source.message, field: "source" };
        const same = trained.find(({ path }) => path === source.path);
        if (same) {
          yield ofLayer(
            net.whole,
            source.layer,
            {
              severity: "warning",
              what: `it tests with what layer "${same.layer.name}" trains with, ${source.path}: the score says nothing of new images.`,
              advice: "Write a source of other images; caffe new keeps some apart.",
            },
            part,
          );
          continue;
        }
        const both = [...source.digests].flatMap(([digest, name]) => {
          const other = trained.find(({ digests }) => digests.has(digest));
          return other ? [{ name, other: other.path, first: other.digests.get(digest) }] : [];
        });
        const [first] = both;
        if (!first) continue;
        const share = both.length / source.digests.size;
        yield ofLayer(
          net.whole,
          source.layer,
          {
            severity: share < SHARE ? "note" : "warning",
            what: `${both.length} of ${source.digests.size} images in ${source.path} are trained with too: ${first.name} is ${first.first} of ${first.other}.`,
            advice:
              "Take them out of one of the two; split by what was photographed, not by picture.",
          },
          part,
        );
      }
    }
  },
};
