import type { JSX } from "preact";
import { count, shortNumber } from "../math/format.ts";
import { type Bins, commonRange, densities, ridgePath } from "../math/ridges.ts";

interface RidgesProps {
  samples: readonly { readonly iter: number; readonly spread: Bins }[];
  label: string;
}

const WIDTH = 300;
const PLACES = 60;
/** More ridges than these cannot be told apart. */
const MOST = 18;
const PEAK = 46;

/** Spreads one behind the other, the oldest at the back. */
export function Ridges({ samples, label }: RidgesProps): JSX.Element {
  const shown = everyNth(samples, MOST);
  const range = commonRange(shown.map(({ spread }) => spread));
  if (!range) return <p class="soft">No value is a finite number.</p>;
  const all = shown.map(({ spread }) => densities(spread, range, PLACES));
  const highest = Math.max(...all.flat());
  const step = Math.min(9, 70 / Math.max(1, shown.length - 1));
  const height = PEAK + step * (shown.length - 1) + 4;
  return (
    <div class="ridges">
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={label}
        preserveAspectRatio="none"
      >
        {all.map((heights, i) => (
          <path
            key={shown[i]?.iter}
            d={ridgePath(heights, WIDTH, highest > 0 ? PEAK / highest : 0)}
            transform={`translate(0 ${PEAK + 2 + i * step})`}
            style={{ "--age": `${Math.round((100 * (i + 1)) / all.length)}%` }}
          >
            <title>{`iteration ${count(shown[i]?.iter ?? 0)}`}</title>
          </path>
        ))}
      </svg>
      <div class="ends soft num">
        <span>{shortNumber(range.min)}</span>
        <span>
          {shown.length > 1
            ? `iterations ${count(shown[0]?.iter ?? 0)} to ${count(shown.at(-1)?.iter ?? 0)}`
            : ""}
        </span>
        <span>{shortNumber(range.max)}</span>
      </div>
    </div>
  );
}

/** At most so many of a list, evenly chosen, the last among them. */
function everyNth<Item>(all: readonly Item[], most: number): readonly Item[] {
  const step = Math.ceil(all.length / most);
  return step <= 1 ? all : all.filter((_, i) => (all.length - 1 - i) % step === 0);
}
