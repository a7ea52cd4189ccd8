import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Segments } from "../../../../dashboard/src/parts/segments.tsx";
import { Board, type Pen } from "../drawn/board.ts";
import { fittedPicture } from "../drawn/fitted-picture.ts";
import { keyMove } from "../drawn/key-pen.ts";
import { picture, show } from "../state/guesses.ts";
import { GreyPicture } from "./samples.tsx";

/** Pixels of the board's side: those of the screen may be fewer. */
const SIDE = 280;

/** A board to draw on with a mouse, a finger, a pen or keys, and the picture that the net gets of it. */
export function Drawing(): JSX.Element {
  const place = useRef<HTMLCanvasElement>(null);
  const board = useRef<Board | undefined>(undefined);
  const [pen, setPen] = useState<Pen>("draw");

  useEffect(() => {
    if (place.current) board.current = new Board(place.current);
  }, []);

  const changed = (): void => {
    if (place.current) show(fittedPicture(place.current));
  };
  const at = (event: PointerEvent): readonly [number, number] => {
    const { left, top, width, height } = (
      event.currentTarget as HTMLCanvasElement
    ).getBoundingClientRect();
    return [((event.clientX - left) / width) * SIDE, ((event.clientY - top) / height) * SIDE];
  };
  return (
    <div class="drawing">
      <header>
        <h2>Draw something to wear</h2>
        <span class="soft">Fill it in: pictures here are of whole clothes, light on black.</span>
      </header>
      <div
        class="board"
        role="application"
        tabIndex={0}
        aria-label="Board to draw on. Keys: arrows move the pen, Space puts it down or lifts it, Delete clears."
        onKeyDown={(event) => {
          if (!board.current || !keyMove(board.current, event.key, pen)) return;
          event.preventDefault();
          changed();
        }}
      >
        <canvas
          ref={place}
          {...{ width: SIDE, height: SIDE }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            board.current?.begin(at(event), pen);
            changed();
          }}
          onPointerMove={(event) => {
            if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
            board.current?.goOn(at(event));
            changed();
          }}
        />
      </div>
      <div class="bar">
        <Segments<Pen>
          label="Pen"
          choices={[
            ["draw", "Draw"],
            ["fill", "Fill"],
            ["erase", "Erase"],
          ]}
          value={pen}
          onChange={setPen}
        />
        <button
          type="button"
          class="button"
          onClick={() => {
            board.current?.clear();
            show(undefined);
          }}
        >
          Clear
        </button>
        <span class="grow" />
        {picture.value && (
          <span class="seen soft">
            as the net sees it
            <GreyPicture bytes={picture.value} />
          </span>
        )}
      </div>
    </div>
  );
}
