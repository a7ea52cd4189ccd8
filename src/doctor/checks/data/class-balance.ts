import type { PatientCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { judgeOf } from "../../judged-labels.ts";

/** So many times as many images of one class as of another are too many. */
const RATIO = 10;

/**
 * Classes of which there are many images, few, or none. The loss counts every image once: a class with one image in a hundred
 * costs little when it is never guessed, and accuracy hides it.
 */
export const classBalance: PatientCheck = {
  name: "class-balance",
  *look({ nets }) {
    for (const net of nets) {
      if (net.use !== "train") continue;
      for (const source of net.sources) {
        const judge = judgeOf(net, source);
        // The first records of a sorted source tell nothing of the others.
        if (!judge || source.seen !== source.count) continue;
        const { classes } = judge;
        const known = [...source.labels].filter(([label]) => label >= 0 && label < classes);
        const part = { message: source.message, field: "source" };
        const none = Array.from({ length: classes }, (_, label) => label).filter(
          (label) => !source.labels.has(label),
        );
        if (none.length > 0) {
          yield ofLayer(
            net.whole,
            source.layer,
            {
              severity: "warning",
              what: `${source.path} has no image of ${none.length} of ${classes} classes: label ${none.slice(0, 8).join(", ")}${none.length > 8 ? ", …" : ""}.`,
              advice: `Add images of ${none.length === 1 ? "it" : "them"}, or number the labels without gaps and write the num_output that is left: ${classes - none.length}.`,
            },
            part,
          );
        }
        known.sort(([, a], [, b]) => a.count - b.count);
        const [fewest, most] = [known[0], known.at(-1)];
        if (!fewest || !most || most[1].count < RATIO * fewest[1].count) continue;
        yield ofLayer(
          net.whole,
          source.layer,
          {
            severity: "warning",
            what: `${source.path} has ${most[1].count} images of label ${most[0]} and ${fewest[1].count} of label ${fewest[0]}: the net gains little by ever guessing that one.`,
            advice: `Add images of the rare classes, or list them more often; and look at each class's recall (caffe test --confusion=FILE), for accuracy hides it.`,
          },
          part,
        );
      }
    }
  },
};
