import type { PatientCheck } from "../../check.ts";
import { ofSolver } from "../../finding.ts";

/** A run that ends before every image has been seen once: the rest of the data is for nothing. */
export const lessThanAnEpoch: PatientCheck = {
  name: "less-than-an-epoch",
  *look({ solver, nets }) {
    const { max_iter, iter_size = 1 } = solver ?? {};
    const sources = nets.find(({ use }) => use === "train")?.sources ?? [];
    for (const { count, batchSize, path } of sources) {
      if (!solver || max_iter === undefined || max_iter === 0 || count === undefined) continue;
      const seen = max_iter * iter_size * batchSize;
      if (seen >= count) continue;
      yield ofSolver(solver, "max_iter", {
        severity: "warning",
        what: `max_iter ${max_iter} × batch_size ${batchSize}${iter_size > 1 ? ` × iter_size ${iter_size}` : ""} = ${seen} images: training ends before it has seen all ${count} of ${path} once.`,
        advice: `Write max_iter: ${Math.ceil(count / (batchSize * iter_size))} for each time that all are to be seen; ten times or more is usual.`,
      });
    }
  },
};
