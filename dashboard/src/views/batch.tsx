import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Batch, BatchRecord } from "../../../src/dashboard/api.ts";
import { shortNumber } from "../math/format.ts";
import { shapeText } from "../math/net-boxes.ts";
import { BoxedPicture } from "../parts/boxed-picture.tsx";
import { Icon } from "../parts/icon.tsx";
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
            <BoxedPicture
              picture={record.picture}
              label={labelOf(record)}
              boxes={record.boxes.map(({ label, name, ...place }) => ({
                ...{ ...place, colour: label % 10, title: name ?? String(label) },
              }))}
            />
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
