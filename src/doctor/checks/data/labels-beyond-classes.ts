import type { PatientCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { judgeOf } from "../../judged-labels.ts";
import { weightsOf } from "../../layer-kinds.ts";

/**
 * Labels that the net has no score for. Classes are counted from 0: with `num_output: 10` labels are 0 to 9. In BVLC Caffe the
 * loss reads memory that lies behind the scores then; here it stops at the first such image, which may come hours later.
 */
export const labelsBeyondClasses: PatientCheck = {
  name: "labels-beyond-classes",
  *look({ nets }) {
    // The same scores judge in training and in tests: told once.
    const told = new Set<string>();
    for (const net of nets) {
      for (const source of net.sources) {
        const judge = judgeOf(net, source);
        if (!judge) continue;
        const { loss, classes, scores, ignored } = judge;
        const wrong = [...source.labels].filter(
          ([label]) => (label < 0 || label >= classes) && label !== ignored,
        );
        const [first] = wrong;
        if (!first || told.has(loss.name ?? "")) continue;
        told.add(loss.name ?? "");
        const all = wrong.map(([label]) => label).sort((a, b) => a - b);
        const most = Math.max(...source.labels.keys());
        const isFromOne = most === classes && !source.labels.has(0);
        const message = scores && weightsOf(scores);
        const count = scores ? `num_output is ${classes}` : `the scores have ${classes} classes`;
        yield ofLayer(
          net.whole,
          scores ?? loss,
          {
            severity: "error",
            what: `${count}, so labels are 0 to ${classes - 1}, and ${source.path} has ${all.slice(0, 5).join(", ")}${all.length > 5 ? ", …" : ""}: first in ${first[1].first}.`,
            advice: isFromOne
              ? `Its labels begin with 1: make them begin with 0, or write num_output: ${classes + 1}.`
              : all[0] !== undefined && all[0] < 0
                ? "Make the labels 0 or more; loss_param { ignore_label: … } leaves one out."
                : `Write num_output: ${most + 1}, or mend the labels.`,
          },
          message ? { message, field: "num_output" } : {},
        );
      }
    }
  },
};
