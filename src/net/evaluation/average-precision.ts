/** Whether a detection is right, and how sure of it the net was. */
export interface Detection {
  readonly score: number;
  readonly isRight: boolean;
}

/** Precision and recall of the detections down to one, the surest first: single-precision numbers, as SSD's are. */
interface Point {
  readonly precision: number;
  readonly recall: number;
}

/** Recalls that differ by no more are one. */
const SAME = 1e-6;

/**
 * How one number is made of a curve of precision over recall, by the name that `ap_version` gives:
 *
 * - Integral: its area, precision as it stands
 * - MaxIntegral: its area, precision being the greatest at that recall or a higher one (VOC 2010 and later, ILSVRC)
 * - 11point, 101point: the mean of that greatest precision at recall 0, 0.1, … 1 (VOC 2007) or 0, 0.01, … 1 (COCO)
 *
 * @see Everingham et al., IJCV 2010; ComputeAP of SSD (weiliu89/caffe), and for 101point of cascade-rcnn
 */
const averagePrecisions = {
  Integral(points: readonly Point[]): number {
    let [sum, before] = [0, 0];
    for (const { precision, recall } of points) {
      if (Math.abs(recall - before) > SAME) sum += precision * Math.abs(recall - before);
      before = recall;
    }
    return sum;
  },
  MaxIntegral(points: readonly Point[]): number {
    let [sum, greatest] = [0, 0];
    let after: number | undefined;
    for (const { precision, recall } of points.toReversed()) {
      greatest = Math.max(precision, greatest);
      const width = Math.abs((after ?? recall) - recall);
      if (width > SAME) sum += greatest * width;
      after = recall;
    }
    return sum + (after ?? 0) * greatest;
  },
  "11point": (points: readonly Point[]): number => meanAtSteps(points, 10),
  "101point": (points: readonly Point[]): number => meanAtSteps(points, 100),
} as const satisfies Readonly<Record<string, (points: readonly Point[]) => number>>;

/** A value of `ap_version`. */
export type ApVersion = keyof typeof averagePrecisions;

/** The values of `ap_version`. */
export const apVersions: readonly ApVersion[] = Object.keys(averagePrecisions) as ApVersion[];

function meanAtSteps(points: readonly Point[], steps: number): number {
  let sum = 0;
  for (let step = 0; step <= steps; step++) {
    const reached = points.filter(({ recall }) => recall >= step / steps);
    sum += reached.reduce((greatest, { precision }) => Math.max(greatest, precision), 0);
  }
  return sum / (steps + 1);
}

/**
 * The average precision of one class; 0 where it has no objects, or nothing is detected.
 * @param objects how many there are
 */
export function averagePrecision(
  detections: readonly Detection[],
  objects: number,
  version: ApVersion,
): number {
  if (detections.length === 0 || objects === 0) return 0;
  const rank = (score: number): number => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score);
  const surest = detections.toSorted((a, b) => {
    const [first, second] = [rank(a.score), rank(b.score)];
    return first === second ? 0 : second - first;
  });
  let right = 0;
  return averagePrecisions[version](
    surest.map(({ isRight }, i) => {
      if (isRight) right++;
      return { precision: Math.fround(right / (i + 1)), recall: Math.fround(right / objects) };
    }),
  );
}
