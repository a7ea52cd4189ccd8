import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Batch, BatchRecord } from "../../../src/dashboard/api.ts";
import { shortNumber } from "../math/format.ts";
import { shapeText } from "../math/net-boxes.ts";
import { Icon } from "../parts/icon.tsx";
import { Picture } from "../parts/picture.tsx";
import { type Occasion, Shown } from "../parts/shown.tsx";
import { runPath } from "../state/api.ts";
import { current } from "../state/runs.ts";

/** Whether newer batches take the place of the one that is shown. */
const follows = signal(false);

/** The last batch, as the train net sees it. */
export function BatchView(): JSX.Element {
  return (
    <Shown<Batch>
      key={String(follows.value)}
      path={runPath(current.value, "batch")}
      icon="batch"
      every={() => (follows.value ? 3000 : undefined)}
    >
      {(batch, about) => <Records {...{ batch, about }} />}
    </Shown>
  );
}

function Records({ batch, about }: { batch: Batch; about: Occasion }): JSX.Element {
  const { records, shape, layer } = batch;
  return (
    <>
      <div class="bar">
        <button type="button" class="button" onClick={about.again}>
          <Icon name="again" /> Another batch
        </button>
        <button
          type="button"
          class="button"
          aria-pressed={follows.value}
          onClick={() => {
            follows.value = !follows.value;
          }}
        >
          Follow
        </button>
        <p class="soft grow">
          {`${layer}, ${shapeText(shape)}, ${about.text}. `}
          {batch.about && `Pixels brought back: ${batch.about}.`}
        </p>
      </div>
      <ul class="gallery">
        {records.map((record, i) => (
          <li key={i} class="record">
            <RecordPicture record={record} />
            <span class="caption" title={labelOf(record)}>
              <span class="name">{labelOf(record)}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function labelOf({ name, labels, boxes }: BatchRecord): string {
  if (name !== undefined) return name;
  if (labels.length > 0) return labels.map((label) => shortNumber(Number(label))).join(", ");
  return boxes.length > 0 ? `${boxes.length} objects` : "–";
}

/** A record's picture, with what is labelled in it. */
function RecordPicture({ record }: { record: BatchRecord }): JSX.Element {
  const { picture, boxes } = record;
  if (!picture) return <span class="no-picture soft">no picture</span>;
  return (
    <span class="framed">
      <Picture picture={picture} label={labelOf(record)} />
      {boxes.length > 0 && (
        <svg class="boxes" viewBox={`0 0 ${picture.width} ${picture.height}`} aria-hidden="true">
          {boxes.map(({ label, name, x, y, width, height }, i) => (
            <rect key={i} {...{ x, y, width, height }} style={{ stroke: `var(--c${label % 10})` }}>
              <title>{name ?? String(label)}</title>
            </rect>
          ))}
        </svg>
      )}
    </span>
  );
}
