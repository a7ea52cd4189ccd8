import type { JSX } from "preact";
import { bytes, count, duration, percent, shortNumber } from "../math/format.ts";
import { Tile } from "../parts/tile.tsx";
import { type History, secondsLeft } from "../state/history.ts";

/** The numbers of now, in large letters. */
export function CurveTiles({ history }: { history: History }): JSX.Element {
  const { last, best, scores } = history;
  const left = secondsLeft(history);
  const hasImages = last?.imagesPerSecond !== undefined;
  return (
    <dl class="tiles">
      <Tile name="Loss" value={shortNumber(last?.smoothedLoss)} />
      {[...scores].slice(0, 2).map(([name, { value }]) => (
        <Tile key={name} name={`Test ${name}`} value={shortNumber(value.at(-1))} />
      ))}
      {best && (
        <Tile
          name={`Best ${best.name}`}
          value={shortNumber(best.value)}
          note={`at ${count(best.iter)}`}
        />
      )}
      <Tile name="Learning rate" value={shortNumber(last?.rate)} />
      <Tile
        name={hasImages ? "Images/s" : "Iterations/s"}
        value={shortNumber(last?.imagesPerSecond ?? last?.iterationsPerSecond)}
        note={last && last.dataWait >= 0.01 ? `${percent(last.dataWait)} waiting` : undefined}
      />
      <Tile name="Memory" value={last ? bytes(last.memory) : "–"} />
      {Number.isFinite(left) && <Tile name="Time left" value={duration(left)} />}
    </dl>
  );
}
