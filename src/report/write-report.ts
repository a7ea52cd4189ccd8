import { join } from "node:path";
import { writeFilesAtomically } from "../io/files/atomic-file.ts";
import { makeFolder } from "../io/files/file-system.ts";
import type { ClassifierReport } from "./classifier-report.ts";
import { rowOf } from "./measures/confusion.ts";
import { confusionCsv } from "./write/confusion-csv.ts";
import { predictionsCsv } from "./write/predictions-csv.ts";
import { reportJson } from "./write/report-json.ts";

/**
 * Writes a report into a folder: all files of it or none.
 * @returns the file to begin with
 * @throws FileError where it cannot be written
 */
export function writeReport(folder: string, report: ClassifierReport): string {
  makeFolder(folder);
  const { names, measures } = report;
  const main = join(folder, "report.json");
  writeFilesAtomically([
    { path: join(folder, "predictions.csv"), chunks: predictionsCsv(report) },
    {
      path: join(folder, "confusion.csv"),
      chunks: confusionCsv(names, (label) => rowOf(measures.confusion, label)),
    },
    { path: main, chunks: [new TextEncoder().encode(reportJson(report))] },
  ]);
  return main;
}
