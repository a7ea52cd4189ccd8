import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Histograms, Weights, WeightView } from "../../../src/dashboard/api.ts";
import { shortNumber } from "../math/format.ts";
import { joinHistograms } from "../math/join-histograms.ts";
import { shapeText } from "../math/net-boxes.ts";
import { Empty } from "../parts/empty.tsx";
import { Picture } from "../parts/picture.tsx";
import { Ridges } from "../parts/ridges.tsx";
import { Segments } from "../parts/segments.tsx";
import { type Occasion, Shown } from "../parts/shown.tsx";
import { runPath } from "../state/api.ts";
import { current } from "../state/runs.ts";

type Kind = "pictures" | "weights" | "gradients" | "activations";

/** Stays when another view is looked at meanwhile. */
const kind = signal<Kind>("pictures");

/** Arrays that are shown before somebody asks for all of them. */
const FIRST = 24;

/** What the net has learned: weights as pictures, and how weights, gradients and activations are spread over time. */
export function WeightsView(): JSX.Element {
  const chosen = kind.value;
  return (
    <>
      <div class="bar">
        <Segments<Kind>
          label="What is shown"
          choices={[
            ["pictures", "Pictures"],
            ["weights", "Weights"],
            ["gradients", "Gradients"],
            ["activations", "Activations"],
          ]}
          value={chosen}
          onChange={(value) => {
            kind.value = value;
          }}
        />
      </div>
      {chosen === "pictures" ? (
        <Shown<Weights>
          path={runPath(current.value, "weights")}
          icon="weights"
          every={() => 10_000}
        >
          {({ parameters }, about) => <Pictures {...{ parameters, about }} />}
        </Shown>
      ) : (
        <Shown<Histograms>
          path={runPath(current.value, "histograms")}
          icon="weights"
          every={({ every }) => 1000 * every}
          join={joinHistograms}
        >
          {({ arrays }) => <Spreads arrays={arrays.filter((one) => one.kind === chosen)} />}
        </Shown>
      )}
    </>
  );
}

interface PicturesProps {
  parameters: readonly WeightView[];
  about: Occasion;
}

function Pictures({ parameters, about }: PicturesProps): JSX.Element {
  const { shown, more } = useFirst(parameters);
  if (parameters.length === 0) return <Empty icon="weights" title="This net has no parameters" />;
  return (
    <>
      <p class="soft">
        Each filter from its least value, black, to its greatest, white; as of {about.text}.
      </p>
      <div class="weights">
        {shown.map((one) => (
          <Weight key={`${one.layer} ${one.index}`} weight={one} />
        ))}
      </div>
      {more}
    </>
  );
}

function Weight({ weight }: { weight: WeightView }): JSX.Element {
  const { layer, index, shape, spread, picture, about } = weight;
  const isFirst = shape.length === 4 && (shape[1] === 1 || shape[1] === 3);
  return (
    <section class={isFirst ? "card weight large" : "card weight"}>
      <header>
        <h3>{layer}</h3>
        <span class="soft num">{`[${index}] ${shapeText(shape)}`}</span>
      </header>
      {picture && <Picture picture={picture} label={`${layer}: ${about ?? "weights"}`} />}
      {about && <p class="soft">{about}</p>}
      <Ridges samples={[{ iter: 0, spread }]} label={`How ${layer} is spread`} />
      <dl class="stats num">
        <Stat name="mean" value={shortNumber(Number(spread.mean))} />
        <Stat name="std" value={shortNumber(Number(spread.std))} />
        {spread.zeros > 0 && <Stat name="zeros" value={String(spread.zeros)} />}
        {spread.bad > 0 && <Stat name="not finite" value={String(spread.bad)} isBad />}
      </dl>
    </section>
  );
}

function Stat(props: { name: string; value: string; isBad?: boolean }): JSX.Element {
  return (
    <div class={props.isBad ? "bad" : undefined}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

function Spreads({ arrays }: { arrays: Histograms["arrays"] }): JSX.Element {
  const { shown, more } = useFirst(arrays);
  if (arrays.length === 0) return <Empty icon="weights" title="None were sampled" />;
  return (
    <>
      <p class="soft">How values are spread, older samples behind newer ones.</p>
      <div class="weights">
        {shown.map(({ name, layer, samples }) => {
          const last = samples.at(-1)?.spread;
          return (
            <section key={`${layer} ${name}`} class="card weight">
              <header>
                <h3>{name}</h3>
                {last && last.bad > 0 && <span class="bad">{last.bad} not finite</span>}
              </header>
              <Ridges samples={samples} label={`How ${name} is spread`} />
              {last && (
                <dl class="stats num">
                  <Stat name="mean" value={shortNumber(Number(last.mean))} />
                  <Stat name="std" value={shortNumber(Number(last.std))} />
                </dl>
              )}
            </section>
          );
        })}
      </div>
      {more}
    </>
  );
}

/** The first of many, and a button for all. */
function useFirst<Item>(all: readonly Item[]): {
  readonly shown: readonly Item[];
  readonly more: JSX.Element | undefined;
} {
  const [isWhole, setWhole] = useState(false);
  if (isWhole || all.length <= FIRST) return { shown: all, more: undefined };
  const more = (
    <p>
      <button type="button" class="button" onClick={() => setWhole(true)}>
        All {all.length}
      </button>
    </p>
  );
  return { shown: all.slice(0, FIRST), more };
}
