import { type Html, html } from "../../page/html.ts";
import { pageText, section } from "../../page/page.ts";
import { table } from "../../page/parts.ts";
import type { ServedModel } from "../models/served-model.ts";
import { VERBS } from "../protocol/verbs.ts";

/** The page of a server: its models, and a place to drop a picture on. Names come from files that others wrote. */
export function serverPage(models: readonly ServedModel[]): string {
  const seeing = models.filter(({ facts }) => facts.task !== undefined);
  const options = seeing.map(({ name, facts }) => {
    const verb = facts.task === undefined ? "" : VERBS[facts.task];
    const address = `/v2/models/${encodeURIComponent(name)}/${verb}`;
    return html`<option value="${address}">${name} (${verb})</option>`;
  });
  const drop: Html = html`<form id="ask">
<p><label>Model <select id="model">${options}</select></label></p>
<label id="drop" tabindex="0"><input id="file" type="file" accept="image/*"><span>Drop a picture here, paste one, or choose a file</span></label>
</form>
<div id="answer" aria-live="polite"></div>
`;
  return pageText({
    title: "caffe serve",
    lead: "What nets say, over HTTP.",
    script: "/page.js",
    style: STYLE,
    body: [
      ...(seeing.length > 0
        ? [section("A picture", "It is sent to this server and nowhere else.", drop)]
        : []),
      section(
        "Models",
        html`Ask them by the Open Inference Protocol: <a href="/openapi.json">openapi.json</a> tells of all paths, <a href="/metrics">metrics</a> of what was asked.`,
        table(
          [
            { title: "model", of: ({ name }) => name, isText: true },
            { title: "version", of: ({ version }) => version },
            { title: "inputs", of: ({ facts }) => blobsText(facts.inputs), isText: true },
            { title: "outputs", of: ({ facts }) => blobsText(facts.outputs), isText: true },
            { title: "rows at once", of: ({ facts }) => facts.maxBatch || "–" },
          ],
          models,
        ),
      ),
    ],
  });
}

function blobsText(blobs: ServedModel["facts"]["inputs"]): string {
  return blobs.map(({ name, shape }) => `${name} ${shape.join("×")}`).join(", ");
}

const STYLE = `
#drop { display: block; border: 2px dashed var(--line); border-radius: 12px; padding: 2rem 1rem; text-align: center; color: var(--soft); cursor: pointer; }
#drop.over, #drop:focus-within { border-color: var(--accent); }
#drop input { position: absolute; opacity: 0; width: 1px; height: 1px; }
#model { font: inherit; color: inherit; background: var(--fill); border: 1px solid var(--line); border-radius: 8px; padding: .3rem .5rem; max-width: 100%; }
#answer { margin-top: 1rem; display: grid; gap: .8rem; }
#answer canvas { max-width: 100%; height: auto; max-height: 60vh; border-radius: 8px; justify-self: start; }
#answer .row { display: grid; grid-template-columns: 5rem minmax(0, 1fr); gap: .6rem; align-items: baseline; font-variant-numeric: tabular-nums; }
#answer .row.bad { display: block; }
#answer .row b { text-align: right; }
#answer .row span { overflow-wrap: anywhere; }
`;
