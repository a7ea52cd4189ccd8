import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Done, RateChange, RunFacts } from "../../../src/dashboard/api.ts";
import { shortNumber } from "../math/format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { say } from "../parts/toast.tsx";
import { runPath, tell } from "../state/api.ts";
import { historyOf, look } from "../state/runs.ts";

/** Which question stands over the page. */
export const asking = signal<"rate" | "stop" | undefined>(undefined);

const close = (): void => {
  asking.value = undefined;
};

/** Asks something of the run, and says what came of it. */
async function steer(id: string, what: string, body: object = {}): Promise<void> {
  try {
    const { message } = await tell<Done>(runPath(id, what), body);
    say(message);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), true);
  }
  await look();
}

/** Has the run write a snapshot after the iteration that it is at. */
export function snapshot(id: string): void {
  void steer(id, "snapshot");
}

/** Snapshot, learning rate, stop: where the run can be steered from here. */
export function Actions({ run }: { run: RunFacts }): JSX.Element | null {
  if (!run.canSteer) return null;
  return (
    <>
      <button
        type="button"
        class="button"
        title="Write a snapshot now (s)"
        onClick={() => snapshot(run.id)}
      >
        <Icon name="snapshot" /> Snapshot
      </button>
      <button
        type="button"
        class="button"
        title="Change the learning rate (r)"
        onClick={() => {
          asking.value = "rate";
        }}
      >
        <Icon name="rate" /> Rate
        {run.rateFactor !== 1 && <span class="soft num">×{shortNumber(run.rateFactor)}</span>}
      </button>
      <button
        type="button"
        class="button danger"
        title="Stop training (x)"
        onClick={() => {
          asking.value = "stop";
        }}
      >
        <Icon name="stop" /> Stop
      </button>
      {asking.value === "rate" && <RateDialog run={run} />}
      {asking.value === "stop" && <StopDialog run={run} />}
    </>
  );
}

function StopDialog({ run }: { run: RunFacts }): JSX.Element {
  return (
    <Dialog title={`Stop ${run.name}?`} onClose={close} onSubmit={() => void steer(run.id, "stop")}>
      <p class="soft">
        Training ends after this iteration and writes a snapshot, from which{" "}
        <code>--snapshot=auto</code> goes on.
      </p>
      <div class="bar">
        <button type="button" class="button" onClick={close}>
          Go on
        </button>
        <button type="submit" class="button danger primary">
          Stop training
        </button>
      </div>
    </Dialog>
  );
}

function RateDialog({ run }: { run: RunFacts }): JSX.Element {
  const [text, setText] = useState(String(run.rateFactor));
  const { last } = historyOf(run.id);
  const factor = Number(text);
  const isGood = factor > 0 && Number.isFinite(factor);
  const now = last?.rate ?? Number.NaN;
  const rate = (now * factor) / run.rateFactor;
  const change: RateChange = { factor };
  return (
    <Dialog
      title="Learning rate"
      onClose={close}
      onSubmit={() => {
        if (isGood) void steer(run.id, "rate", change);
      }}
    >
      <p class="soft">
        What the solver's policy says is multiplied by this from the next iteration on; 1 is as the
        solver has it.
      </p>
      <label>
        <span class="hidden">Factor</span>
        <input
          class="input num"
          type="text"
          inputMode="decimal"
          name="factor"
          autofocus
          value={text}
          aria-invalid={!isGood}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <div class="bar factors">
        {[0.1, 0.5, 2, 10].map((times) => (
          <button
            key={times}
            type="button"
            class="button"
            onClick={() => setText(String(Number((run.rateFactor * times).toPrecision(6))))}
          >
            ×{times}
          </button>
        ))}
        <button type="button" class="button" onClick={() => setText("1")}>
          1
        </button>
      </div>
      <p class={isGood ? "soft num" : "bad"}>
        {isGood
          ? `The rate becomes ${shortNumber(rate)}, now it is ${shortNumber(now)}.`
          : "A number above 0 is expected."}
      </p>
      <div class="bar">
        <button type="button" class="button" onClick={close}>
          Leave it
        </button>
        <button type="submit" class="button primary" disabled={!isGood}>
          Change
        </button>
      </div>
    </Dialog>
  );
}
