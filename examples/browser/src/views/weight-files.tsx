import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { count } from "../../../../dashboard/src/math/format.ts";
import { Icon } from "../../../../dashboard/src/parts/icon.tsx";
import { closeNet, saveWeights, takeFiles } from "../state/session.ts";
import { built, openedNet } from "../state/signals.ts";

/** Weights go out as a .caffemodel, and others come in. */
export function WeightFiles(): JSX.Element {
  const chooser = useRef<HTMLInputElement>(null);
  const opened = openedNet.value;
  return (
    <section class="card files">
      <header>
        <h2>Weights</h2>
        <span class="soft">a .caffemodel, as every Caffe reads and writes it</span>
      </header>
      <div class="bar">
        <button type="button" class="button" disabled={!built.value} onClick={() => saveWeights()}>
          <Icon name="snapshot" />
          Save lenet.caffemodel
        </button>
        <button type="button" class="button" onClick={() => chooser.current?.click()}>
          <Icon name="files" />
          Open files …
        </button>
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          accept=".caffemodel,.prototxt,.gz,.h5"
          onChange={({ currentTarget }) => {
            void takeFiles([...(currentTarget.files ?? [])]);
            currentTarget.value = "";
          }}
        />
        {opened && (
          <button type="button" class="button primary" onClick={() => closeNet()}>
            Back to the net that trains
          </button>
        )}
      </div>
      <p class="soft">
        {opened
          ? `${opened.name}, ${count(opened.parameters)} parameters, says what pictures are.`
          : "Drop a .caffemodel anywhere on this page, and it says what pictures are: one of the net above, or of another that takes 28×28 grey values from 0 to 1, with its deploy prototxt."}
      </p>
      {opened?.notes.map((note) => (
        <p key={note} class="soft">
          {note}
        </p>
      ))}
    </section>
  );
}
