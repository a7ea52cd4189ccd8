import type { JSX } from "preact";
import type {
  JudgedBox,
  MistakenObjects as Mistaken,
  TestedObjects,
} from "../../../src/dashboard/api.ts";
import { count, shortNumber } from "../math/format.ts";
import { BoxedPicture } from "../parts/boxed-picture.tsx";
import { type Column, Table } from "../parts/table.tsx";

/** Colours, and what each means; what is missed is drawn as dashes. */
const KINDS: Readonly<Record<JudgedBox["kind"], { colour: number; name: string }>> = {
  there: { colour: 2, name: "there, and found" },
  missed: { colour: 2, name: "there, and missed" },
  right: { colour: 0, name: "found rightly" },
  wrong: { colour: 5, name: "found wrongly" },
};
/** So many of a picture's mistakes are told in words. */
const MOST_TOLD = 3;

const COLUMNS: readonly Column<TestedObjects["classes"][number]>[] = [
  { title: "Class", by: ({ name }) => name },
  {
    title: "AP",
    about: "average precision",
    by: ({ averagePrecision }) => Number(averagePrecision),
    show: ({ averagePrecision }) => shortNumber(Number(averagePrecision)),
  },
  { title: "Objects", by: ({ objects }) => objects, show: ({ objects }) => count(objects) },
  { title: "Found", by: ({ detections }) => detections, show: (one) => count(one.detections) },
  { title: "Right", by: ({ right }) => right, show: ({ right }) => count(right) },
];

/** How well each class is found, and the records in which most is wrong. */
export function MistakenObjects({ objects }: { objects: TestedObjects }): JSX.Element {
  const { classes, worst } = objects;
  return (
    <>
      <section class="card">
        <header>
          <h2>Worst mistakes</h2>
          <ul class="kinds">
            {Object.entries(KINDS).map(([kind, { colour, name }]) => (
              <li key={kind}>
                <i
                  class={kind === "missed" ? "dashed" : undefined}
                  style={{ borderColor: `var(--c${colour})` }}
                />
                {name}
              </li>
            ))}
          </ul>
        </header>
        {worst.length === 0 && <p class="soft">All is found, and nothing else.</p>}
        <ul class="gallery wide">
          {worst.map((one) => (
            <WorstRecord key={one.record} worst={one} />
          ))}
        </ul>
      </section>
      <section class="card">
        <header>
          <h2>Classes</h2>
        </header>
        <Table columns={COLUMNS} rows={classes} keyOf={({ name }) => name} label="Classes" />
      </section>
    </>
  );
}

function WorstRecord({ worst: { record, picture, boxes } }: { worst: Mistaken }): JSX.Element {
  const mistaken = boxes
    .filter(({ kind }) => kind === "wrong" || kind === "missed")
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const more = mistaken.length - MOST_TOLD;
  return (
    <li class="record" title={`record ${record}`}>
      <BoxedPicture
        picture={picture}
        label={`record ${record}`}
        boxes={boxes.map(({ kind, label, name, score, ...place }) => ({
          ...{ ...place, colour: KINDS[kind].colour, isDashed: kind === "missed" },
          title: `${name ?? label}${score === undefined ? "" : ` ${shortNumber(score)}`}, ${KINDS[kind].name}`,
        }))}
      />
      <span class="caption">
        {mistaken.slice(0, MOST_TOLD).map(({ kind, label, name, score }, i) => (
          <span key={i} class="name" title={name}>
            {kind === "wrong" ? <b class="bad">{name ?? label}</b> : `missed: ${name ?? label}`}{" "}
            {score !== undefined && <span class="num">{shortNumber(score)}</span>}
          </span>
        ))}
        {more > 0 && <span class="soft">{`and ${more} more`}</span>}
      </span>
    </li>
  );
}
