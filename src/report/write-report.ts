import { join } from "node:path";
import { pngOf } from "../draw/picture/png.ts";
import { writeFilesAtomically } from "../io/files/atomic-file.ts";
import { makeFolder } from "../io/files/file-system.ts";
import type { ClassifierReport } from "./classifier-report.ts";
import { rowOf } from "./measures/confusion.ts";
import { classifierPage } from "./write/classifier-page.ts";
import { confusionCsv } from "./write/confusion-csv.ts";
import { confusionSvg } from "./write/confusion-picture.ts";
import { predictionsCsv } from "./write/predictions-csv.ts";
import { reportJson } from "./write/report-json.ts";

/**
 * Writes a report into a folder: all files of it or none.
 * @returns the file to begin with
 * @throws FileError where it cannot be written
 */
export async function writeReport(folder: string, report: ClassifierReport): Promise<string> {
  const { names, measures } = report;
  const picture = await confusionSvg(measures.confusion, names, "paper");
  const page = await classifierPage(report);
  const main = join(folder, "index.html");
  const text = (content: string): readonly Uint8Array[] => [new TextEncoder().encode(content)];
  makeFolder(folder);
  writeFilesAtomically([
    { path: join(folder, "predictions.csv"), chunks: predictionsCsv(report) },
    {
      path: join(folder, "confusion.csv"),
      chunks: confusionCsv(names, (label) => rowOf(measures.confusion, label)),
    },
    { path: join(folder, "confusion.png"), chunks: [await pngOf(picture.text)] },
    { path: join(folder, "report.json"), chunks: text(reportJson(report)) },
    { path: main, chunks: text(page) },
  ]);
  return main;
}
