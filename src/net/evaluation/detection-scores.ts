import { type ApVersion, averagePrecision, type Detection } from "./average-precision.ts";

/** How well one class is detected. */
export interface ClassPrecision {
  readonly label: number;
  /** Objects there are, difficult ones only where they count. */
  readonly objects: number;
  /** What was detected, but for what counts neither way. */
  readonly detections: number;
  readonly averagePrecision: number;
}

/** Mean average precision over many passes, from what DetectionEvaluate says of every detection. */
export class DetectionScores {
  readonly #objects: Map<number, number> = new Map();
  readonly #detections: Map<number, Detection[]> = new Map();

  /** Takes in the rows of a pass: `TestCounts` says what they hold. */
  add(rows: ArrayLike<number>): void {
    for (let at = 0; at + 4 < rows.length; at += 5) {
      const [image = 0, label = 0, value = 0, isRight, isWrong] = Array.from(
        { length: 5 },
        (_, k) => rows[at + k],
      );
      if (image === -1) this.#objects.set(label, (this.#objects.get(label) ?? 0) + value);
      else if (isRight || isWrong) {
        const own = this.#detections.get(label) ?? [];
        this.#detections.set(label, own);
        own.push({ score: value, isRight: isRight !== 0 });
      }
    }
  }

  /** What was detected of a class, but for what counts neither way. */
  detectionsOf(label: number): readonly Detection[] {
    return this.#detections.get(label) ?? [];
  }

  /** Every class, by rising label. */
  classes(version: ApVersion): ClassPrecision[] {
    const labels = [...this.#objects.keys()].sort((a, b) => a - b);
    return labels.map((label) => {
      const objects = this.#objects.get(label) ?? 0;
      const found = this.#detections.get(label) ?? [];
      const ap = averagePrecision(found, objects, version);
      return { label, objects, detections: found.length, averagePrecision: ap };
    });
  }
}
