import type { JSX } from "preact";
import type { Picture as PictureData } from "../../../src/dashboard/api.ts";

interface PictureProps {
  /** Undefined where the net was shown none. */
  picture: PictureData | undefined;
  /** What is to be seen, for those who do not see it. */
  label: string;
}

/** A picture, with its pixels as squares where it has few. */
export function Picture({ picture, label }: PictureProps): JSX.Element {
  if (!picture) return <span class="no-picture soft">no picture</span>;
  const { width, height, url } = picture;
  return (
    <img
      class={Math.max(width, height) < 200 ? "picture pixels" : "picture"}
      {...{ src: url, width, height }}
      alt={label}
    />
  );
}
