import type { PatientCheck } from "../../check.ts";
import { ofSolver } from "../../finding.ts";

/**
 * `test_iter` × batch_size against the number of test images: with fewer the score is of a part, and another part at every
 * test; with more some images count twice.
 */
export const testSize: PatientCheck = {
  name: "test-size",
  *look({ solver, nets }) {
    const tested = nets.filter(({ use }) => use === "test");
    for (const [i, iterations] of (solver?.test_iter ?? []).entries()) {
      const sources = tested[i]?.sources ?? [];
      for (const { count, batchSize, path } of sources.length === 1 ? sources : []) {
        if (!solver || count === undefined) continue;
        const [few, enough] = [Math.floor(count / batchSize), Math.ceil(count / batchSize)];
        if (iterations === Math.max(few, 1) || iterations === enough) continue;
        const looked = iterations * batchSize;
        yield ofSolver(solver, "test_iter", {
          severity: "warning",
          what: `test_iter ${iterations} × batch_size ${batchSize} = ${looked} images, and ${path} has ${count}: ${looked < count ? "a test sees a part of them, each time another" : "some count twice"}.`,
          advice: `Write test_iter: ${enough}.`,
        });
      }
    }
  },
};
