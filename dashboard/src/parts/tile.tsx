import type { JSX } from "preact";

interface TileProps {
  name: string;
  value: string;
  note?: string | undefined;
}

/** A number in large letters, and what it is: within a `dl` of class `tiles`. */
export function Tile({ name, value, note }: TileProps): JSX.Element {
  return (
    <div class="tile">
      <dt title={name}>{name}</dt>
      <dd>
        {value}
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}
