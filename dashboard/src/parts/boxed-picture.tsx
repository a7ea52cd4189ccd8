import type { JSX } from "preact";
import type { Picture as PictureData } from "../../../src/dashboard/api.ts";
import { Picture } from "./picture.tsx";

/** A rectangle over a picture, in its pixels. */
export interface DrawnBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Which of the ten colours. */
  readonly colour: number;
  readonly isDashed?: boolean;
  /** What shows where a pointer rests on it. */
  readonly title: string;
}

interface BoxedPictureProps {
  picture: PictureData | undefined;
  label: string;
  boxes: readonly DrawnBox[];
}

/** A picture with rectangles on it. */
export function BoxedPicture({ picture, label, boxes }: BoxedPictureProps): JSX.Element {
  if (!picture) return <Picture picture={picture} label={label} />;
  return (
    <span class="framed">
      <Picture picture={picture} label={label} />
      {boxes.length > 0 && (
        <svg class="boxes" viewBox={`0 0 ${picture.width} ${picture.height}`} aria-hidden="true">
          {boxes.map(({ colour, isDashed, title, ...place }, i) => (
            <rect
              key={i}
              {...place}
              class={isDashed ? "dashed" : undefined}
              style={{ stroke: `var(--c${colour})` }}
            >
              <title>{title}</title>
            </rect>
          ))}
        </svg>
      )}
    </span>
  );
}
