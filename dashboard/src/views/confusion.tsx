import type { JSX } from "preact";
import type { ConfusedClasses } from "../../../src/dashboard/api.ts";
import { count, percent } from "../math/format.ts";

/** A pair of classes. */
export interface Cell {
  readonly label: number;
  readonly guess: number;
}

interface ConfusionProps {
  classes: ConfusedClasses;
  /** Whether shares of a row are told in place of numbers, as of pixels. */
  isShares?: boolean;
  chosen?: Cell | undefined;
  onChoose?: (cell: Cell | undefined) => void;
}

/** A table of how often each class is taken for each; a pair that happens can be chosen. */
export function Confusion({ classes, isShares, chosen, onChoose }: ConfusionProps): JSX.Element {
  const { confusion, shown, names } = classes;
  const nameOf = (label: number): string => names[label] ?? String(label);
  return (
    <section class="confusion" tabIndex={0} aria-label="Confusion of classes">
      <table>
        <thead>
          <tr>
            <td />
            {shown.map((guess) => (
              <th key={guess} scope="col" title={nameOf(guess)}>
                <span>{nameOf(guess)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((label, row) => {
            const counts = confusion[row] ?? [];
            const all = counts.reduce((sum, one) => sum + one, 0);
            return (
              <tr key={label}>
                <th scope="row" title={nameOf(label)}>
                  <span>{nameOf(label)}</span>
                </th>
                {shown.map((guess, column) => {
                  const times = counts[column] ?? 0;
                  const isChosen = chosen?.label === label && chosen.guess === guess;
                  const share = all > 0 ? times / all : 0;
                  const text = isShares ? Math.round(100 * share) || "" : times || "";
                  return (
                    <td
                      key={guess}
                      class={label === guess ? "right" : undefined}
                      style={{ "--share": `${strength(share)}%` }}
                      title={`${nameOf(label)} taken for ${nameOf(guess)}: ${count(times)}, ${percent(share)}`}
                    >
                      {times > 0 && label !== guess && onChoose ? (
                        <button
                          type="button"
                          aria-pressed={isChosen}
                          onClick={() => onChoose(isChosen ? undefined : { label, guess })}
                        >
                          {text}
                        </button>
                      ) : (
                        text
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** How strong the colour is: small shares are to be seen too. */
function strength(share: number): number {
  return Math.round(75 * Math.sqrt(share));
}
