import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Filters as FilterShape, filterTiles } from "../../../../src/dashboard/views/tiles.ts";
import type { Filters } from "../messages.ts";
import { latest } from "../state/history.ts";

/** The first layer's weights as pictures, as they change. */
export function FirstFilters(): JSX.Element {
  const filters = latest.value?.filters;
  return (
    <section class="card filters">
      <header>
        <h2>Filters{filters && ` of ${filters.layer}`}</h2>
        <span class="soft">what the first layer looks for, black to white</span>
      </header>
      {filters ? (
        <FilterPicture filters={filters} />
      ) : (
        <p class="soft">They appear with the first iterations.</p>
      )}
    </section>
  );
}

function FilterPicture({ filters }: { filters: Filters }): JSX.Element {
  const place = useRef<HTMLCanvasElement>(null);
  const { planes, tall, wide, data, isOfFilter, about } = filterTiles(
    filters.shape as unknown as FilterShape,
    filters.values,
  );
  useEffect(() => {
    const context = place.current?.getContext("2d");
    if (!context) return;
    const image = new ImageData(wide, tall);
    const size = wide * tall;
    for (let i = 0; i < size; i++) {
      // Of three planes blue is the first.
      for (let c = 0; c < 3; c++) {
        image.data[4 * i + c] = data[planes === 3 ? (2 - c) * size + i : i] ?? 0;
      }
      // Between filters the card is seen: grey would be a part of them.
      image.data[4 * i + 3] = isOfFilter(i % wide, Math.floor(i / wide)) ? 255 : 0;
    }
    context.putImageData(image, 0, 0);
  }, [filters]);
  return (
    <canvas
      ref={place}
      class="picture pixels"
      {...{ width: wide, height: tall }}
      role="img"
      aria-label={`${filters.layer}: ${about}`}
    />
  );
}
