import type { JSX } from "preact";
import { Icon } from "../parts/icon.tsx";
import { address, VIEWS, type View, view } from "../state/route.ts";
import { current, runs } from "../state/runs.ts";
import { Runs } from "./runs.tsx";

/** What views are called. */
const NAMES: Readonly<Record<View, string>> = {
  curves: "Curves",
  net: "Net",
  weights: "Weights",
  batch: "Batch",
  mistakes: "Mistakes",
  log: "Log",
  files: "Files",
};

/** Views and runs, at the side or, where there is little room, on top. */
export function Side(): JSX.Element {
  const hasRuns = (runs.value ?? []).length > 0;
  return (
    <div class="side">
      <button type="button" class="skip" onClick={skip}>
        To the content
      </button>
      <div class="brand">
        <Icon name="curves" size={18} />
        <span>caffe</span>
      </div>
      <nav class="nav" aria-label="Views">
        {VIEWS.map((name, i) => (
          <a
            key={name}
            href={address(current.value, name)}
            aria-current={view.value === name ? "page" : undefined}
            title={`${NAMES[name]} (${i + 1})`}
          >
            <Icon name={name} />
            {NAMES[name]}
          </a>
        ))}
      </nav>
      {hasRuns && (
        <section aria-labelledby="runs">
          <h2 id="runs">Runs</h2>
          <Runs />
        </section>
      )}
    </div>
  );
}

function skip(): void {
  document.getElementById("main")?.focus();
}
