import { pngOf } from "../../draw/picture/png.ts";
import { type Confusion, rowOf } from "../measures/confusion.ts";
import type { ReportFile } from "../report.ts";
import { confusionCsv } from "./confusion-csv.ts";
import { confusionSvg } from "./confusion-picture.ts";

/**
 * A confusion as a table and as a picture.
 * @param names of all classes, by rising label
 */
export async function confusionFiles(
  confusion: Confusion,
  names: readonly string[],
): Promise<ReportFile[]> {
  const { text } = await confusionSvg(confusion, names, "paper");
  return [
    ["confusion.csv", confusionCsv(names, (label) => rowOf(confusion, label))],
    ["confusion.png", [await pngOf(text)]],
  ];
}
