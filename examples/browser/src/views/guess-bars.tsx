import type { JSX } from "preact";
import { percent, shortNumber } from "../../../../dashboard/src/math/format.ts";
import { best, chosen, guess, picture } from "../state/guesses.ts";
import { openedNet, pictures } from "../state/signals.ts";

/** Rows of bars that are shown of a net with more classes. */
const MOST = 10;

/** What the net says of the picture: a bar for each class. */
export function GuessBars(): JSX.Element {
  const said = guess.value;
  const { classes = [], labels } = pictures.value ?? {};
  const nameOf = (label: number): string => classes[label] ?? `class ${label}`;
  const truth = chosen.value === undefined ? undefined : labels?.[chosen.value];
  const first = said ? best(said.values) : undefined;
  return (
    <div class="guesses">
      <header>
        <h2>
          <output>{headline(first === undefined ? undefined : nameOf(first))}</output>
        </h2>
        <span class="soft">
          {truth !== undefined && `It is: ${nameOf(truth)}. `}
          {openedNet.value
            ? `Guesses of ${openedNet.value.name}.`
            : "Guesses of the net that trains."}
        </span>
      </header>
      <ol class="bars">
        {rowsOf(said?.values, classes.length).map((label) => {
          const value = said?.values[label];
          return (
            <li key={label} class={label === first ? "first" : undefined}>
              <span class="name">{nameOf(label)}</span>
              <i class="bar-place">
                <i style={{ width: `${100 * shareOf(said, value)}%` }} />
              </i>
              <b class="num">{valueText(said?.areProbabilities, value)}</b>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function headline(name: string | undefined): string {
  if (name !== undefined) return `${name}?`;
  return picture.value ? "…" : "What is it?";
}

/** The classes that are shown: all in their order, or of many the likeliest. */
function rowsOf(values: Float32Array | undefined, classes: number): readonly number[] {
  const all = Array.from({ length: values?.length ?? classes }, (_, label) => label);
  if (all.length <= MOST || !values) return all.slice(0, MOST);
  return all.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0)).slice(0, MOST);
}

/** How long a bar is: a probability as it is, a score between the least and the greatest. */
function shareOf(said: typeof guess.value, value: number | undefined): number {
  if (!said || value === undefined) return 0;
  if (said.areProbabilities) return value;
  const [least, most] = [Math.min(...said.values), Math.max(...said.values)];
  return most > least ? (value - least) / (most - least) : 0;
}

function valueText(areProbabilities: boolean | undefined, value: number | undefined): string {
  if (value === undefined) return "–";
  return areProbabilities ? percent(Math.round(value * 1000) / 1000) : shortNumber(value);
}
