import type { ApVersion } from "../net/evaluation/average-precision.ts";
import type { Net } from "../net/net.ts";
import { makeReport } from "../report/make-report.ts";
import { writeReport } from "../report/write-report.ts";
import { numberText } from "../util/log.ts";
import { CountBar } from "./count-bar.ts";
import type { Console } from "./session.ts";
import { classNamesOf } from "./test-report.ts";

/** What a report is told by flags. */
export interface ReportFlags {
  readonly model: string | undefined;
  readonly weights?: string | undefined;
  readonly iterations: number | undefined;
  readonly labels: string | undefined;
  readonly scores_blob: string | undefined;
  readonly labels_blob: string | undefined;
  readonly ap_version: ApVersion;
}

/**
 * Makes a report of a net into a folder, with a bar, and says what it comes to.
 * @throws what `makeReport` and `writeReport` throw
 */
export async function report(
  net: Net,
  folder: string,
  flags: ReportFlags,
  console: Console,
): Promise<void> {
  const say = (message: string): void => console.log("info", "report", message);
  const bar = new CountBar(console, "records");
  try {
    const made = await makeReport(
      net,
      {
        model: flags.model ?? "",
        weights: flags.weights ?? "",
        blobs: { scores: flags.scores_blob, labels: flags.labels_blob },
        batches: flags.iterations,
        names: classNamesOf(net, flags.labels),
        apVersion: flags.ap_version,
      },
      {
        onPlan({ records, ofSource }) {
          const all = ofSource === undefined ? "" : ` of ${ofSource}`;
          say(`Running ${records}${all} records, each once, whatever test_iter says.`);
        },
        onProgress: bar.update,
      },
    );
    bar.end();
    for (const [name, value] of made.summary) say(`${name} = ${numberText(value)}`);
    say(`Report in ${writeReport(folder, made)}`);
  } finally {
    bar.end();
  }
}
