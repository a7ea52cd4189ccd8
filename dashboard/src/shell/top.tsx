import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { RunFacts } from "../../../src/dashboard/api.ts";
import { count, percent } from "../math/format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { connection } from "../state/api.ts";
import { current, facts, historyOf, runs } from "../state/runs.ts";
import { isDark, switchTheme } from "../state/settings.ts";
import { Actions } from "./actions.tsx";
import { isHelpOpen } from "./help.tsx";
import { Runs } from "./runs.tsx";

/** Whether the list of runs is open, where the page has no side. */
const isListOpen = signal(false);

function RunsDialog(): JSX.Element {
  const close = (): void => {
    isListOpen.value = false;
  };
  return (
    <Dialog title="Runs" onClose={close}>
      <Runs />
      <div class="bar">
        <button type="submit" class="button primary">
          Close
        </button>
      </div>
    </Dialog>
  );
}

/** The run that is shown, how far it is, and what can be done with it. */
export function Top(): JSX.Element {
  const run = facts.value;
  const entry = run ?? runs.value?.find(({ id }) => id === current.value);
  const { last, start } = historyOf(current.value);
  const iter = Math.max(last?.iter ?? 0, entry?.iter ?? 0);
  const end = entry?.maxIter ?? start?.maxIter;
  const share = end ? Math.min(1, iter / end) : undefined;
  const isLost = connection.value === "lost";
  return (
    <header class="top">
      <div class="who">
        <h1 title={run?.folder}>{entry?.name ?? current.value}</h1>
        <p class="state">
          <i class={`dot ${isLost ? "lost" : (entry?.state ?? "")}`} />
          <span class="num">
            {isLost ? "no connection" : stateText(run)}
            {` · iteration ${count(iter)}`}
            {end !== undefined && ` of ${count(end)}`}
            {share !== undefined && ` · ${percent(Math.floor(1000 * share) / 1000)}`}
          </span>
        </p>
      </div>
      <div class="actions">
        {run && <Actions run={run} />}
        <button
          type="button"
          class="button only-narrow"
          onClick={() => {
            isListOpen.value = true;
          }}
        >
          Runs
        </button>
        <button
          type="button"
          class="button plain icon"
          aria-label={isDark() ? "Light colours" : "Dark colours"}
          title="Light or dark (t)"
          onClick={switchTheme}
        >
          <Icon name="theme" />
        </button>
        <button
          type="button"
          class="button plain icon"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => {
            isHelpOpen.value = true;
          }}
        >
          <Icon name="help" />
        </button>
      </div>
      {isListOpen.value && <RunsDialog />}
      {share !== undefined && (
        <div class="progress">
          <i style={{ width: `${100 * share}%` }} />
        </div>
      )}
    </header>
  );
}

function stateText(run: RunFacts | undefined): string {
  switch (run?.state) {
    case "live":
      return "training";
    case "running":
      return "training in another process";
    case "ended":
      return `ended${run.stop ? `: ${run.stop}` : ""}`;
    case "lost":
      return "lost: its process is gone";
    default:
      return "…";
  }
}
