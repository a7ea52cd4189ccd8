import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { say } from "../../../../dashboard/src/parts/toast.tsx";
import { restart } from "../state/session.ts";
import { built, stage, stock, texts } from "../state/signals.ts";

/** The texts that say what is trained, and how; changed ones are trained from the beginning. */
export function Prototxts(): JSX.Element {
  const net = useSignal("");
  const solver = useSignal("");
  useSignalEffect(() => {
    ({ net: net.value, solver: solver.value } = texts.value);
  });
  const given = { net: net.value, solver: solver.value };
  const isChanged = given.net !== texts.value.net || given.solver !== texts.value.solver;
  const isStock = given.net === stock.value.net && given.solver === stock.value.solver;
  const reset = (): void => {
    ({ net: net.value, solver: solver.value } = stock.value);
  };
  return (
    <section class="card prototxts">
      <header>
        <h2>Net and solver</h2>
        <span class="soft">
          the library's files, models/lenet/lenet_train_test.prototxt and
          lenet_fashion_solver.prototxt; change them
        </span>
      </header>
      <div class="texts">
        <Text label="Net" text={net} />
        <Text label="Solver" text={solver} />
      </div>
      <div class="bar">
        <button
          type="button"
          class="button primary"
          disabled={!isChanged || stage.value === "loading"}
          onClick={() => {
            void restart(given).then((isDone) => isDone && say("Ready to train these texts."));
          }}
        >
          Take these texts
        </button>
        <button type="button" class="button" disabled={isStock} onClick={reset}>
          As they came
        </button>
      </div>
      {(built.value?.replaced.length ?? 0) > 0 && (
        <>
          <h3>What stands here in the place of what they ask for</h3>
          <ul class="replaced soft">
            {built.value?.replaced.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Text(props: { label: string; text: { value: string } }): JSX.Element {
  const { label, text } = props;
  return (
    <label class="text">
      <span>{label}</span>
      <textarea
        class="code"
        spellcheck={false}
        autocapitalize="off"
        rows={22}
        value={text.value}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
        }}
      />
    </label>
  );
}
