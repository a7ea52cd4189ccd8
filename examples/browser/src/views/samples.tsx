import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { PIXELS, SIDE } from "../picture-size.ts";
import { chosen, sampleGuesses, show } from "../state/guesses.ts";
import { pictures } from "../state/signals.ts";

/** Pictures that it does not learn from, and what the net takes them for; a click asks about one. */
export function Samples(): JSX.Element | null {
  const facts = pictures.value;
  if (!facts) return null;
  const { samples, labels, classes } = facts;
  const said = sampleGuesses.value;
  const right = said.filter((label, i) => label === labels[i]).length;
  return (
    <section class="card samples">
      <header>
        <h2>Pictures it has never seen</h2>
        {said.length > 0 && (
          <span class="soft num">
            {right} of {said.length} right
          </span>
        )}
      </header>
      <ul>
        {Array.from(labels, (label, i) => {
          const guessed = said[i];
          const [truth, taken] = [label, guessed].map((one) =>
            one === undefined ? undefined : (classes[one] ?? `class ${one}`),
          );
          const isRight = guessed === label;
          return (
            <li key={i}>
              <button
                type="button"
                aria-pressed={chosen.value === i}
                aria-label={`${truth}${taken === undefined ? "" : `, taken for ${taken}`}`}
                onClick={() => show(samples.slice(i * PIXELS, (i + 1) * PIXELS), i)}
              >
                <GreyPicture bytes={samples.subarray(i * PIXELS, (i + 1) * PIXELS)} />
                <span class={taken === undefined ? "soft" : isRight ? "good" : "bad"}>
                  {taken === undefined ? truth : isRight ? `✓ ${taken}` : `✗ ${taken}`}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** A picture of 28×28 bytes. */
export function GreyPicture({ bytes }: { bytes: Uint8Array }): JSX.Element {
  const place = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = place.current?.getContext("2d");
    if (!context) return;
    const image = new ImageData(SIDE, SIDE);
    for (let i = 0; i < PIXELS; i++) {
      image.data.fill(bytes[i] ?? 0, 4 * i, 4 * i + 3);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [bytes]);
  return <canvas ref={place} class="pixels" {...{ width: SIDE, height: SIDE }} />;
}
