import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { milliseconds } from "../math/format.ts";
import type { NetBox, NetBoxes } from "../math/net-boxes.ts";
import { HEAD, type NetLayout, netLayout, type Place, ROW } from "../math/net-layout.ts";
import { centred, fitted, moved, type ViewBox, whole, zoomed } from "../math/view-box.ts";
import { Icon } from "../parts/icon.tsx";
import { roleColour } from "./roles.ts";

interface NetMapProps {
  net: NetBoxes;
  /** The key of a layer. */
  selected: string | undefined;
  onSelect: (key: string) => void;
}

/** The net as a picture that can be moved, made larger, and whose layers can be selected. */
export function NetMap({ net, selected, onSelect }: NetMapProps): JSX.Element {
  const layout = useMemo(() => netLayout(net), [net]);
  const { svg, seen, setSeen, size } = useMap(layout);
  const slowest = Math.max(...net.boxes.map(({ ms = 0 }) => ms));
  const box = net.boxes.findIndex(({ layers }) => layers.some(({ key }) => key === selected));

  useEffect(() => {
    const place = layout.boxes[box];
    if (!place || !size) return;
    setSeen((now) => (now && isSeen(place, now, size) ? now : now && centred(now, place, size)));
  }, [box, layout, size, setSeen]);

  const middle = { x: (size?.width ?? 0) / 2, y: (size?.height ?? 0) / 2 };
  const larger = (factor: number) => () => setSeen((now) => now && zoomed(now, factor, middle));
  const all = (): void => setSeen((now) => (size ? whole(layout, size) : now));
  const { x, y, scale } = seen ?? { x: 0, y: 0, scale: 1 };
  return (
    <div class="net-map card">
      <svg
        ref={svg}
        tabindex={0}
        role="img"
        aria-label={`The net: ${net.boxes.length} boxes. Keys: arrows move, plus and minus zoom, 0 shows all. The table beside it has every layer.`}
        class="map"
        viewBox={`${x} ${y} ${(size?.width ?? 1) / scale} ${(size?.height ?? 1) / scale}`}
        onKeyDown={(event) => {
          const step = KEYS[event.key];
          if (!step) return;
          event.preventDefault();
          if (step === "all") all();
          else if (typeof step === "number") larger(step)();
          else setSeen((now) => now && moved(now, step[0], step[1]));
        }}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 6 6"
            refX="5"
            refY="3"
            markerWidth="6"
            markerHeight="6"
            orient="auto"
          >
            <path d="M0 0L6 3L0 6z" />
          </marker>
        </defs>
        {layout.wires.map((path, i) => (
          <path
            key={i}
            class={isNear(net, i, box) ? "wire near" : "wire"}
            d={path}
            marker-end="url(#arrow)"
          />
        ))}
        {net.boxes.map((one, i) => {
          const place = layout.boxes[i];
          const [first] = one.layers;
          if (!place || !first) return null;
          return <Box key={first.key} {...{ box: one, place, slowest, selected, onSelect }} />;
        })}
      </svg>
      <div class="map-buttons">
        <button type="button" class="button icon" aria-label="Larger" onClick={larger(1.4)}>
          <Icon name="plus" />
        </button>
        <button type="button" class="button icon" aria-label="Smaller" onClick={larger(1 / 1.4)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="button icon" aria-label="All of the net" onClick={all}>
          <Icon name="fit" />
        </button>
      </div>
    </div>
  );
}

/** What keys do: pixels to move by, a factor, or all. */
const KEYS: Readonly<Record<string, readonly [number, number] | number | "all">> = {
  ArrowLeft: [-60, 0],
  ArrowRight: [60, 0],
  ArrowUp: [0, -60],
  ArrowDown: [0, 60],
  "+": 1.4,
  "=": 1.4,
  "-": 1 / 1.4,
  "0": "all",
};

interface BoxProps {
  box: NetBox;
  place: Place;
  slowest: number;
  selected: string | undefined;
  onSelect: (key: string) => void;
}

function Box({ box, place, slowest, selected, onSelect }: BoxProps): JSX.Element {
  const { layers, shape, ms } = box;
  const [first] = layers;
  const share = ms !== undefined && slowest > 0 ? ms / slowest : 0;
  return (
    <g class="box" transform={`translate(${place.x} ${place.y})`}>
      <rect class="frame" width={place.width} height={place.height} rx="7" />
      {layers.map(({ key, name, type, role, fusedInto }, i) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the table beside it is for the keyboard
        <g
          key={key}
          class={key === selected ? "part selected" : "part"}
          transform={`translate(0 ${i === 0 ? 0 : HEAD + ROW * (i - 1)})`}
          onClick={() => onSelect(key)}
        >
          <title>{`${name}: ${type}${fusedInto ? `, done by ${fusedInto.key}` : ""}`}</title>
          <rect class="ground" width={place.width} height={i === 0 ? HEAD : ROW} rx="7" />
          <rect
            class="role"
            {...{
              x: 5,
              y: i === 0 ? 8 : 4,
              width: 3,
              height: i === 0 ? HEAD - 16 : ROW - 8,
              rx: 1.5,
            }}
            style={{ fill: roleColour(role) }}
          />
          {/* What is too long ends at the box's edge. */}
          <svg width={place.width - 4} height={i === 0 ? HEAD : ROW} aria-hidden="true">
            {i === 0 ? (
              <>
                <text class="name" x="15" y="18">
                  {name}
                </text>
                <text x="15" y="33">
                  {`${type} ${shape}`}
                </text>
              </>
            ) : (
              <text x="15" y="13">
                {name}
                <tspan class="faint">{` ${fusedInto ? "fused " : ""}${type}`}</tspan>
              </text>
            )}
          </svg>
        </g>
      ))}
      {share > 0.004 && (
        <rect
          class="time"
          {...{ x: 3, y: place.height - 3, height: 3, rx: 1.5, width: (place.width - 6) * share }}
        >
          <title>{`${first?.name}: ${milliseconds(ms ?? 0)}`}</title>
        </rect>
      )}
    </g>
  );
}

function isNear({ wires }: NetBoxes, wire: number, box: number): boolean {
  return box >= 0 && (wires[wire]?.from === box || wires[wire]?.to === box);
}

function isSeen(place: Place, { x, y, scale }: ViewBox, size: Size): boolean {
  return (
    place.x >= x &&
    place.y >= y &&
    place.x + place.width <= x + size.width / scale &&
    place.y + place.height <= y + size.height / scale
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture that follows the pointer and the wheel: with Ctrl, as of two fingers, the wheel makes it larger. */
function useMap(layout: NetLayout) {
  const svg = useRef<SVGSVGElement>(null);
  const [size, setSize] = useState<Size | undefined>(undefined);
  const [seen, setSeen] = useState<ViewBox | undefined>(undefined);

  useEffect(() => {
    const at = svg.current;
    if (!at) return undefined;
    const measure = (): void => {
      const now = { width: at.clientWidth || 1, height: at.clientHeight || 1 };
      setSize(now);
      setSeen((before) => before ?? fitted(layout, now));
    };
    const watch = new ResizeObserver(measure);
    watch.observe(at);

    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, top } = at.getBoundingClientRect();
      const point = { x: event.clientX - left, y: event.clientY - top };
      const isZoom = event.ctrlKey || event.metaKey;
      setSeen((now) => {
        if (!now) return now;
        if (isZoom) return zoomed(now, Math.exp(-event.deltaY / 180), point);
        return moved(now, event.deltaX, event.deltaY);
      });
    };
    const onDown = (down: PointerEvent): void => {
      if (down.button !== 0) return;
      let last = down;
      const onMove = (move: PointerEvent): void => {
        // A click that trembles is a click still.
        const isFar = Math.hypot(move.clientX - down.clientX, move.clientY - down.clientY) > 4;
        if (isFar && !at.hasPointerCapture(down.pointerId)) at.setPointerCapture(down.pointerId);
        const [dx, dy] = [last.clientX - move.clientX, last.clientY - move.clientY];
        last = move;
        setSeen((now) => now && moved(now, dx, dy));
      };
      const onUp = (): void => {
        removeEventListener("pointermove", onMove);
        removeEventListener("pointerup", onUp);
        removeEventListener("pointercancel", onUp);
      };
      addEventListener("pointermove", onMove);
      addEventListener("pointerup", onUp);
      addEventListener("pointercancel", onUp);
    };
    at.addEventListener("wheel", onWheel, { passive: false });
    at.addEventListener("pointerdown", onDown);
    return () => {
      watch.disconnect();
      at.removeEventListener("wheel", onWheel);
      at.removeEventListener("pointerdown", onDown);
    };
  }, [layout]);
  return { svg, seen, setSeen, size };
}
