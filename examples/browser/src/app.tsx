import type { JSX } from "preact";
import { Toasts } from "../../../dashboard/src/parts/toast.tsx";
import { problem } from "./state/signals.ts";
import { Curves } from "./views/curves.tsx";
import { Drawing } from "./views/drawing.tsx";
import { DropPlace } from "./views/drop-place.tsx";
import { FirstFilters } from "./views/first-filters.tsx";
import { GuessBars } from "./views/guess-bars.tsx";
import { Prototxts } from "./views/prototxts.tsx";
import { Samples } from "./views/samples.tsx";
import { Top } from "./views/top.tsx";
import { WeightFiles } from "./views/weight-files.tsx";

/** The page. */
export function App(): JSX.Element {
  return (
    <div class="page">
      <Top />
      <Problem />
      <main id="main" tabIndex={-1}>
        <div class="columns">
          <div class="column">
            <Curves />
            <FirstFilters />
          </div>
          <div class="column">
            <section class="card draw">
              <Drawing />
              <GuessBars />
            </section>
            <Samples />
          </div>
        </div>
        <WeightFiles />
        <Prototxts />
      </main>
      <DropPlace />
      <Toasts />
    </div>
  );
}

/** What went wrong last, until it goes right or is put away. */
function Problem(): JSX.Element | null {
  if (problem.value === undefined) return null;
  return (
    <p class="problem" role="alert">
      <span>{problem.value}</span>
      <button
        type="button"
        class="button plain"
        onClick={() => {
          problem.value = undefined;
        }}
      >
        Close
      </button>
    </p>
  );
}
