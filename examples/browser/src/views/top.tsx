import type { JSX } from "preact";
import { count, percent, shortNumber } from "../../../../dashboard/src/math/format.ts";
import { Icon } from "../../../../dashboard/src/parts/icon.tsx";
import { Segments } from "../../../../dashboard/src/parts/segments.tsx";
import { Tile } from "../../../../dashboard/src/parts/tile.tsx";
import { isDark, switchTheme } from "../../../../dashboard/src/state/settings.ts";
import type { EngineName } from "../messages.ts";
import { lastLoss, lastScore, latest, testing, version } from "../state/history.ts";
import { chooseEngine, pause, restart, train } from "../state/session.ts";
import { built, engine, pictures, type Stage, stage } from "../state/signals.ts";

const ENGINES: readonly (readonly [EngineName, string])[] = [
  ["webgpu", "WebGPU"],
  ["wasm", "WebAssembly"],
];

const STAGES: Readonly<Record<Stage, string>> = {
  loading: "Loading pictures and the engine …",
  ready: "Ready to learn",
  training: "Learning",
  paused: "Paused",
  done: "Done",
  failed: "Stopped",
};

/** How many pictures Fashion-MNIST has to learn from. */
const ALL = 60_000;

/** What is done here, how far it is, and the buttons for it. */
export function Top(): JSX.Element {
  const iter = latest.value?.iter ?? 0;
  const end = built.value?.maxIter ?? 0;
  return (
    <>
      <header class="top">
        <div class="who">
          <h1>LeNet learns to tell clothes apart, in this page</h1>
          <p class="state" role="status">
            <i class={stage.value === "training" ? "dot live" : "dot"} />
            <span class="num">
              {STAGES[stage.value]}
              {end > 0 && ` · iteration ${count(iter)} of ${count(end)}`}
              {stage.value === "training" && doing(iter)}
            </span>
          </p>
        </div>
        <div class="actions">
          <MainButton />
          <button
            type="button"
            class="button"
            disabled={!built.value || iter === 0}
            onClick={() => restart()}
          >
            <Icon name="again" />
            Start anew
          </button>
          <button
            type="button"
            class="button icon"
            aria-label={isDark() ? "Light colours" : "Dark colours"}
            onClick={switchTheme}
          >
            <Icon name="theme" />
          </button>
        </div>
        {end > 0 && (
          <div class="progress">
            <i style={{ width: percent(iter / end).replace("\u00a0", "") }} />
          </div>
        )}
      </header>
      <div class="facts">
        <section class="card engine">
          <Segments<EngineName>
            label="What computes"
            choices={ENGINES}
            value={engine.value?.name ?? ("" as EngineName)}
            onChange={(name) => {
              if (name !== engine.value?.name) void chooseEngine(name);
            }}
          />
          <p class="soft why">{engine.value?.why ?? "Looking for a GPU …"}</p>
          <PictureFacts />
        </section>
        <Numbers />
      </div>
    </>
  );
}

/** What is done beside iterations, or before the first has come. */
function doing(iter: number): string {
  if (testing.value) return ` · testing, batch ${testing.value.batch} of ${testing.value.of}`;
  const isCompiling = iter === 0 && engine.value?.name === "webgpu";
  return isCompiling ? " · the GPU’s programs are compiled, which takes a while" : "";
}

function MainButton(): JSX.Element {
  if (stage.value === "training") {
    return (
      <button type="button" class="button primary" onClick={() => pause()}>
        Pause
      </button>
    );
  }
  const isOver = stage.value === "done";
  return (
    <button
      type="button"
      class="button primary"
      disabled={!built.value || isOver}
      onClick={() => train()}
    >
      {stage.value === "paused" ? "Go on" : "Train"}
    </button>
  );
}

function PictureFacts(): JSX.Element | null {
  const facts = pictures.value;
  if (!facts) return null;
  const { train: learned, test, classes } = facts;
  // Clothes are Fashion-MNIST's; others are a reader's own.
  const isPart = learned < ALL && classes.includes("T-shirt");
  return (
    <p class="soft why">
      {count(learned)} pictures to learn from, {count(test)} others to test with
      {isPart
        ? `. Fashion-MNIST has ${count(ALL)} and 10,000: drop its four IDX files on this page for all of them.`
        : ". They stay in this browser, as all that is done here does."}
    </p>
  );
}

function Numbers(): JSX.Element {
  const news = latest.value;
  // Curves grow in place.
  void version.value;
  const accuracy = lastScore(/accuracy/i);
  return (
    <dl class="tiles">
      <Tile
        name="Iterations/s"
        value={news ? shortNumber(Number(news.perSecond.toPrecision(3))) : "–"}
      />
      <Tile
        name="Pictures/s"
        value={news ? count(news.perSecond * (built.value?.batch ?? 0)) : "–"}
      />
      <Tile name="Loss" value={shortNumber(lastLoss())} />
      <Tile name="Test accuracy" value={accuracy === undefined ? "–" : percent(accuracy)} />
      <Tile name="Learning rate" value={shortNumber(news?.rate)} />
      <Tile name="Parameters" value={built.value ? count(built.value.parameters) : "–"} />
    </dl>
  );
}
