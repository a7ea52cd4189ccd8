import type { JSX } from "preact";
import type { MistakenPicture, TestedPixels } from "../../../src/dashboard/api.ts";
import { percent, shortNumber } from "../math/format.ts";
import { Picture } from "../parts/picture.tsx";
import { Confusion } from "./confusion.tsx";

/** What a segmenter takes for what, and the pictures that it tells worst. */
export function MistakenPixels({ pixels }: { pixels: TestedPixels }): JSX.Element {
  const { names, ious, colours, worst } = pixels;
  return (
    <>
      <section class="card">
        <header>
          <h2>Told worst</h2>
          <span class="soft">
            least mean IoU first; below each its labels, and what the net says
          </span>
        </header>
        {worst.length === 0 && <p class="soft">Every pixel is right.</p>}
        <ul class="gallery wide">
          {worst.map((one) => (
            <WorstPicture key={one.record} worst={one} />
          ))}
        </ul>
      </section>
      <div class="mistakes">
        <section class="card">
          <header>
            <h2>Classes</h2>
            <span class="soft">intersection over union</span>
          </header>
          <ul class="class-scores">
            {names.map((name, label) => (
              <li key={label}>
                <i class="swatch" style={{ background: colours[label] }} />
                <span class="name" title={name}>
                  {name}
                </span>
                <span class="num">{shortNumber(Number(ious[label]))}</span>
              </li>
            ))}
          </ul>
        </section>
        <section class="card">
          <header>
            <h2>Confusion</h2>
            <span class="soft">
              % of the pixels of a row's class that the net takes for a column's
            </span>
          </header>
          <Confusion classes={pixels} isShares />
        </section>
      </div>
    </>
  );
}

function WorstPicture({ worst }: { worst: MistakenPicture }): JSX.Element {
  const { record, picture, maps, meanIou, accuracy } = worst;
  return (
    <li class="record" title={`record ${record}`}>
      <Picture picture={picture} label={`record ${record}`} />
      {maps && (
        <span class="maps">
          <img src={maps.truth} alt="labels" title="labels" />
          <img src={maps.guess} alt="what the net says" title="what the net says" />
        </span>
      )}
      <span class="caption">
        <span class="num">{`IoU ${shortNumber(Number(meanIou))}`}</span>
        <span class="soft name">{`${percent(Number(accuracy))} of pixels`}</span>
      </span>
    </li>
  );
}
