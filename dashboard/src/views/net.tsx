import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Graph, GraphLayer } from "../../../src/dashboard/api.ts";
import { bytes, count, milliseconds, percent, shortCount } from "../math/format.ts";
import { layerMs, netBoxes, shapeText } from "../math/net-boxes.ts";
import { Shown } from "../parts/shown.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Tile } from "../parts/tile.tsx";
import { runPath } from "../state/api.ts";
import { current } from "../state/runs.ts";
import { LayerDetails } from "./layer-details.tsx";
import { NetMap } from "./net-map.tsx";

/** The net: a picture, a table of its layers, and what is known of the one that is selected. */
export function NetView(): JSX.Element {
  return (
    <Shown<Graph> path={runPath(current.value, "graph")} icon="net">
      {(graph) => <Net graph={graph} />}
    </Shown>
  );
}

function Net({ graph }: { graph: Graph }): JSX.Element {
  const net = useMemo(() => netBoxes(graph.layers), [graph]);
  const [selected, setSelected] = useState<string | undefined>(undefined);
  const [sought, setSought] = useState("");
  const words = sought.trim().toLowerCase();
  const rows = graph.layers.filter(({ name, type }) =>
    `${name} ${type}`.toLowerCase().includes(words),
  );
  const layer = graph.layers.find(({ key }) => key === selected);
  const columns = useMemo(() => columnsOf(graph), [graph]);
  return (
    <>
      <GraphTiles graph={graph} />
      <div class="net">
        <NetMap net={net} selected={selected} onSelect={setSelected} />
        <div class="net-side">
          {layer && <LayerDetails layer={layer} onClose={() => setSelected(undefined)} />}
          <div class="bar">
            <input
              type="search"
              class="input grow"
              placeholder="Find a layer"
              aria-label="Find a layer"
              value={sought}
              onInput={({ currentTarget }) => setSought(currentTarget.value)}
            />
            <span class="soft num">
              {rows.length === graph.layers.length
                ? `${rows.length} layers`
                : `${rows.length} of ${graph.layers.length}`}
            </span>
          </div>
          <Table
            label="Layers"
            columns={columns}
            rows={rows}
            keyOf={({ key }) => key}
            selected={selected}
            onSelect={({ key }) => setSelected(key)}
          />
        </div>
      </div>
    </>
  );
}

function GraphTiles({ graph }: { graph: Graph }): JSX.Element {
  const { layers, totalMs, parameterBytes, topBytes, processBytes, notes, engine } = graph;
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const macs = layers.reduce((sum, layer) => sum + layer.macs, 0);
  const fused = layers.filter(({ fusedInto }) => fusedInto).length;
  return (
    <>
      <dl class="tiles">
        <Tile name="Parameters" value={shortCount(parameters)} note={bytes(parameterBytes)} />
        <Tile name="Multiplications" value={shortCount(macs)} note="forward" />
        {totalMs && (
          <Tile
            name="Forward + backward"
            value={milliseconds(totalMs.forward + totalMs.backward)}
            note={`${milliseconds(totalMs.forward)} + ${milliseconds(totalMs.backward)}`}
          />
        )}
        <Tile name="Blobs" value={bytes(topBytes)} />
        <Tile name="Process" value={bytes(processBytes)} />
        <Tile name="Fused layers" value={count(fused)} note={engine} />
      </dl>
      {notes.length > 0 && (
        <ul class="notes soft">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function columnsOf({ layers, totalMs }: Graph): readonly Column<GraphLayer>[] {
  const total = (totalMs?.forward ?? 0) + (totalMs?.backward ?? 0);
  const largest = Math.max(...layers.map((layer) => layerMs(layer) ?? 0));
  const time: Column<GraphLayer> = {
    title: "Time",
    about: "Of one iteration, forward and backward",
    by: (layer) => layerMs(layer) ?? -1,
    show: (layer) => <Time layer={layer} total={total} largest={largest} />,
  };
  return [
    { title: "Layer", by: ({ name }) => name },
    { title: "Type", by: ({ type }) => type },
    ...(totalMs ? [time] : []),
    {
      title: "Parameters",
      by: ({ parameters }) => parameters,
      show: ({ parameters }) => (parameters > 0 ? count(parameters) : ""),
    },
    {
      title: "Shape",
      about: "Of the first top; sorted by its elements",
      by: ({ topShapes }) => (topShapes[0] ?? []).reduce((all, one) => all * one, 1),
      show: ({ topShapes }) => shapeText(topShapes[0]) || "–",
    },
    {
      title: "Memory",
      about: "Of its tops",
      by: ({ topBytes }) => topBytes,
      show: ({ topBytes }) => bytes(topBytes),
    },
  ];
}

interface TimeProps {
  layer: GraphLayer;
  total: number;
  largest: number;
}

function Time({ layer, total, largest }: TimeProps): JSX.Element | null {
  const ms = layerMs(layer);
  if (layer.fusedInto && !ms) return <span class="soft">fused</span>;
  if (ms === undefined) return null;
  return (
    <span class="meter" title={total > 0 ? percent(ms / total) : undefined}>
      {milliseconds(ms)}
      <i style={{ width: `${largest > 0 ? (2.6 * ms) / largest : 0}rem` }} />
    </span>
  );
}
