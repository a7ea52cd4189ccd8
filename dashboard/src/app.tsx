import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Empty } from "./parts/empty.tsx";
import { Toasts } from "./parts/toast.tsx";
import { Help } from "./shell/help.tsx";
import { takeShortcuts } from "./shell/shortcuts.ts";
import { Side } from "./shell/side.tsx";
import { Top } from "./shell/top.tsx";
import { connection } from "./state/api.ts";
import { type View, view } from "./state/route.ts";
import { current, facts, runs } from "./state/runs.ts";
import { BatchView } from "./views/batch.tsx";
import { Curves } from "./views/curves.tsx";
import { Files } from "./views/files.tsx";
import { Log } from "./views/log.tsx";
import { Mistakes } from "./views/mistakes.tsx";
import { NetView } from "./views/net.tsx";
import { WeightsView } from "./views/weights.tsx";

const VIEW_PARTS: Readonly<Record<View, ComponentType>> = {
  curves: Curves,
  net: NetView,
  weights: WeightsView,
  batch: BatchView,
  mistakes: Mistakes,
  log: Log,
  files: Files,
};

/** The page. */
export function App(): JSX.Element {
  useEffect(takeShortcuts, []);
  const name = facts.value?.name ?? current.value;
  useEffect(() => {
    document.title = name ? `${name} – caffe` : "caffe";
  }, [name]);
  return (
    <div class="shell">
      <Side />
      <div class="page">
        {current.value && <Top />}
        {connection.value === "lost" && (
          <p class="lost-line" role="alert">
            The connection is lost: the run's process may have ended. Trying again …
          </p>
        )}
        <main id="main" tabIndex={-1}>
          <Content />
        </main>
      </div>
      <Toasts />
      <Help />
    </div>
  );
}

function Content(): JSX.Element {
  if (connection.value === "refused") {
    return (
      <Empty icon="help" title="This page's key is not known any more">
        Each server has a key of its own. Open the address that the command printed.
      </Empty>
    );
  }
  if (!runs.value) return <Empty icon="curves" title="Looking for runs …" />;
  if (!current.value) {
    return (
      <Empty icon="curves" title="No run yet">
        It appears here as soon as <code>caffe train</code> has begun one.
      </Empty>
    );
  }
  const Shown = VIEW_PARTS[view.value];
  return <Shown key={`${current.value} ${view.value}`} />;
}
