import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { percent } from "../../../../dashboard/src/math/format.ts";
import { smoothed } from "../../../../dashboard/src/math/smoothing.ts";
import { Chart, type Zoom } from "../../../../dashboard/src/parts/chart.tsx";
import type { ChartLine } from "../../../../dashboard/src/parts/line-set.ts";
import { lossPoints, scorePoints, version } from "../state/history.ts";

const zoom: Zoom = signal(undefined);
/** How much of the past stays in the line of losses, which jump from batch to batch. */
const SMOOTHING = 0.9;

/** Loss and accuracy as training goes. */
export function Curves(): JSX.Element {
  const known = version.value;
  // `known` stands for the curves.
  const [losses, accuracies] = useMemo(() => [lossLines(), accuracyLines()], [known]);
  return (
    <div class="charts">
      <Chart title="Loss" lines={losses} zoom={zoom} height={190} />
      <Chart title="Accuracy" lines={accuracies} zoom={zoom} height={190} formatY={percent} />
    </div>
  );
}

function lossLines(): readonly ChartLine[] {
  const { x, y } = lossPoints();
  const test = scorePoints(/loss/i);
  return [
    { name: "every batch", colour: "c0", isFaint: true, x, y },
    { name: "train", colour: "c0", x, y: smoothed(y, SMOOTHING) },
    { name: "test", colour: "c1", hasPoints: test.x.length < 40, ...test },
  ];
}

function accuracyLines(): readonly ChartLine[] {
  const test = scorePoints(/accuracy/i);
  return [{ name: "test", colour: "c1", hasPoints: test.x.length < 40, ...test }];
}
