import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Dialog } from "../parts/dialog.tsx";

/** Whether the keys are shown. */
export const isHelpOpen = signal(false);

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ["1 … 7", "the views, from curves to files"],
  ["s", "write a snapshot"],
  ["r", "change the learning rate"],
  ["x", "stop training; asks first"],
  ["l", "logarithmic scale"],
  ["t", "light or dark"],
  ["/", "search: layers, the log"],
  ["+ − 0 ← →", "zoom and move the chart, or the net, that has the focus"],
  ["?", "these keys"],
  ["Esc", "close what is open"],
];

/** What keys do, over the page. */
export function Help(): JSX.Element | null {
  if (!isHelpOpen.value) return null;
  const close = (): void => {
    isHelpOpen.value = false;
  };
  return (
    <Dialog title="Keys" onClose={close}>
      <dl>
        {KEYS.map(([key, what]) => (
          <>
            <dt key={key}>
              <kbd class="key">{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <div class="bar">
        <button type="submit" class="button primary">
          Close
        </button>
      </div>
    </Dialog>
  );
}
