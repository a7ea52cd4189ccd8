import type { ComponentChildren, JSX } from "preact";
import type { GraphLayer } from "../../../src/dashboard/api.ts";
import { bytes, count, milliseconds, shortCount } from "../math/format.ts";
import { shapeText } from "../math/net-boxes.ts";
import { Icon } from "../parts/icon.tsx";
import { roleColour } from "./roles.ts";

interface LayerDetailsProps {
  layer: GraphLayer;
  onClose: () => void;
}

/** All that is known of a layer. */
export function LayerDetails({ layer, onClose }: LayerDetailsProps): JSX.Element {
  const { name, type, role, details, engine, bottoms, tops, topShapes, fusedInto } = layer;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ["Reads", bottoms.join(", ")],
    ["Makes", tops.map((top, i) => `${top} ${shapeText(topShapes[i])}`.trim()).join(", ")],
    ["Settings", details.join(", ")],
    ["Parameters", parameters(layer)],
    ["Rates", layer.lrMults.length > 0 ? layer.lrMults.map((one) => `×${one}`).join(", ") : ""],
    ["Multiplications", layer.macs > 0 ? shortCount(layer.macs) : ""],
    ["Memory", layer.topBytes > 0 ? bytes(layer.topBytes) : ""],
    ["Time", times(layer)],
    ["Engine", engine],
    [
      "Fused",
      fusedInto && `done by ${fusedInto.key}, ${fusedInto.backward ? "both ways" : "forward"}`,
    ],
    ["Backward", layer.hasBackward ? "" : "none"],
  ];
  return (
    <section class="card details" aria-label={`Layer ${name}`}>
      <header>
        <i class="role" style={{ background: roleColour(role) }} />
        <h2>{name}</h2>
        <span class="soft grow">{type}</span>
        <button type="button" class="button plain icon" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <dl class="facts">
        {facts
          .filter(([, fact]) => fact)
          .map(([title, fact]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{fact}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function parameters({ parameters: all, parameterShapes }: GraphLayer): string {
  if (all === 0) return "";
  return `${count(all)}: ${parameterShapes.map(shapeText).join(", ")}`;
}

function times({ forwardMs, backwardMs }: GraphLayer): string {
  const way = (ms: number | undefined, name: string): string =>
    ms === undefined ? "" : `${milliseconds(ms)} ${name}`;
  return [way(forwardMs, "forward"), way(backwardMs, "backward")].filter(Boolean).join(", ");
}
