import type { JSX } from "preact";
import type { RunEntry } from "../../../src/dashboard/api.ts";
import { address, view } from "../state/route.ts";
import { compared, current, runs } from "../state/runs.ts";

/** The list of runs, newest first. */
export function Runs(): JSX.Element {
  return (
    <ul class="runs">
      {(runs.value ?? []).map((run) => (
        <Run key={run.id} run={run} />
      ))}
    </ul>
  );
}

/** A run of the list: it can be shown, and its curves laid beside those of the run that is. */
function Run({ run: { id, name, state } }: { run: RunEntry }): JSX.Element {
  const isCurrent = id === current.value;
  const place = isCurrent ? 0 : compared.value.indexOf(id) + 1;
  const isShown = isCurrent || place > 0;
  const mark = isShown && compared.value.length > 0 ? `var(--c${place % 10})` : undefined;
  return (
    <li class={isCurrent ? "current" : undefined} style={mark && { "--mark": mark }}>
      <a href={address(id, view.value)} aria-current={isCurrent || undefined} title={name}>
        <i class={`dot ${state}`} title={state} />
        <span>{name}</span>
      </a>
      <label title={isCurrent ? "This run" : "Compare its curves"}>
        <input
          type="checkbox"
          checked={isShown}
          disabled={isCurrent}
          aria-label={`Compare ${name}`}
          onChange={({ currentTarget }) => {
            const others = compared.value.filter((other) => other !== id);
            compared.value = currentTarget.checked ? [...others, id] : others;
          }}
        />
      </label>
    </li>
  );
}
