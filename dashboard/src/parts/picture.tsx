import type { JSX } from "preact";
import type { Picture as PictureData } from "../../../src/dashboard/api.ts";

interface PictureProps {
  picture: PictureData;
  /** What is to be seen, for those who do not see it. */
  label: string;
}

/** A picture, with its pixels as squares where it has few. */
export function Picture({ picture: { width, height, url }, label }: PictureProps): JSX.Element {
  return (
    <img
      class={Math.max(width, height) < 200 ? "picture pixels" : "picture"}
      {...{ src: url, width, height }}
      alt={label}
    />
  );
}
