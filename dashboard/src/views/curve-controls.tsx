import type { JSX } from "preact";
import type { Zoom } from "../parts/chart.tsx";
import { Icon } from "../parts/icon.tsx";
import { Segments } from "../parts/segments.tsx";
import { isByTime, isLog, smoothing } from "../state/settings.ts";

/** How curves are shown: smooth, over time, on a logarithmic scale, whole. */
export function CurveControls({ zoom }: { zoom: Zoom }): JSX.Element {
  const showAll = (): void => {
    zoom.value = undefined;
  };
  return (
    <div class="bar">
      <label class="field">
        Smoothing
        <input
          type="range"
          {...{ min: 0, max: 0.99, step: 0.01, value: smoothing.value }}
          onInput={({ currentTarget }) => {
            smoothing.value = Number(currentTarget.value);
          }}
        />
        <output>{smoothing.value.toFixed(2)}</output>
      </label>
      <Segments
        label="What curves are laid over"
        choices={[
          ["iterations", "Iterations"],
          ["time", "Time"],
        ]}
        value={isByTime.value ? "time" : "iterations"}
        onChange={(value) => {
          isByTime.value = value === "time";
          showAll();
        }}
      />
      <button
        type="button"
        class="button"
        aria-pressed={isLog.value}
        onClick={() => {
          isLog.value = !isLog.value;
        }}
      >
        Log scale
      </button>
      <button type="button" class="button" disabled={zoom.value === undefined} onClick={showAll}>
        <Icon name="fit" /> All
      </button>
      <span class="soft hint">Drag over a chart to zoom</span>
    </div>
  );
}
