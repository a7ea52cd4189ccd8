import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { TestedClasses, TestView } from "../../../src/dashboard/api.ts";
import { count, percent, shortNumber } from "../math/format.ts";
import { Empty } from "../parts/empty.tsx";
import { Picture } from "../parts/picture.tsx";
import { Segments } from "../parts/segments.tsx";
import { type Occasion, Shown } from "../parts/shown.tsx";
import { Tile } from "../parts/tile.tsx";
import { runPath } from "../state/api.ts";
import { current } from "../state/runs.ts";
import { type Cell, Confusion } from "./confusion.tsx";
import { MistakenObjects } from "./mistaken-objects.tsx";
import { MistakenPixels } from "./mistaken-pixels.tsx";

/** What the last test has told: which classes are taken for which, and the worst mistakes. */
export function Mistakes(): JSX.Element {
  return (
    <Shown<TestView> path={runPath(current.value, "test")} icon="mistakes" every={() => 4000}>
      {({ nets }, about) => <Nets {...{ nets, about }} />}
    </Shown>
  );
}

function Nets({ nets, about }: { nets: TestView["nets"]; about: Occasion }): JSX.Element {
  const [chosen, setChosen] = useState("0");
  const net = nets.find(({ index }) => String(index) === chosen) ?? nets[0];
  if (!net) return <Empty icon="mistakes" title="This run has no test" />;
  const { classes, pixels, objects, scores, why } = net;
  return (
    <>
      {nets.length > 1 && (
        <Segments
          label="Test net"
          choices={nets.map(({ index }) => [String(index), `Test net ${index}`] as const)}
          value={String(net.index)}
          onChange={setChosen}
        />
      )}
      <dl class="tiles">
        {classes && (
          <>
            <Tile
              name="Right"
              value={percent(classes.right / Math.max(1, classes.records))}
              note={`${count(classes.right)} of ${count(classes.records)}`}
            />
            <Tile name="Wrong" value={count(classes.records - classes.right)} />
          </>
        )}
        {pixels && (
          <>
            <Tile name="Mean IoU" value={shortNumber(Number(pixels.meanIou))} />
            <Tile name="Pixels right" value={percent(Number(pixels.accuracy))} />
          </>
        )}
        {objects && (
          <Tile
            name="Mean average precision"
            value={shortNumber(Number(objects.meanAveragePrecision))}
          />
        )}
        {Object.entries(scores).map(([name, value]) => (
          <Tile key={name} name={name} value={shortNumber(Number(value))} />
        ))}
        <Tile name="As of iteration" value={count(about.iter)} />
      </dl>
      {classes && <Classes key={net.index} classes={classes} />}
      {pixels && <MistakenPixels pixels={pixels} />}
      {objects && <MistakenObjects objects={objects} />}
      {!classes && !pixels && !objects && (
        <Empty icon="mistakes" title="No mistakes to be shown">
          {why}
        </Empty>
      )}
    </>
  );
}

function Classes({ classes }: { classes: TestedClasses }): JSX.Element {
  const [cell, setCell] = useState<Cell | undefined>(undefined);
  const { worst, names } = classes;
  const nameOf = (label: number): string => names[label] ?? String(label);
  const shown = cell
    ? worst.filter(({ label, guess }) => label === cell.label && guess === cell.guess)
    : worst;
  return (
    <div class="mistakes">
      <section class="card">
        <header>
          <h2>Confusion</h2>
          <span class="soft">rows: what it is, columns: what the net says</span>
        </header>
        <Confusion classes={classes} chosen={cell} onChoose={setCell} />
      </section>
      <section class="card">
        <header>
          <h2>Worst mistakes</h2>
          <span class="soft grow">
            {cell ? `${nameOf(cell.label)} taken for ${nameOf(cell.guess)}` : "surest first"}
          </span>
          {cell && (
            <button type="button" class="button plain" onClick={() => setCell(undefined)}>
              Show all
            </button>
          )}
        </header>
        {shown.length === 0 && (
          <p class="soft">{cell ? "None of these is among the worst." : "There is none."}</p>
        )}
        <ul class="gallery">
          {shown.map(({ record, picture, label, guess, confidence, ofLabel }) => (
            <li key={record} class="record" title={`record ${record}`}>
              <Picture picture={picture} label={`record ${record}`} />
              <span class="caption">
                <b class="bad" title={nameOf(guess)}>
                  {nameOf(guess)}
                </b>
                <span class="num">{percent(confidence)}</span>
                <span class="soft name" title={nameOf(label)}>
                  {`is ${nameOf(label)}, ${percent(ofLabel)}`}
                </span>
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
