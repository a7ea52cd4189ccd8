import { type Html, html } from "./html.ts";

/** A number in large letters, and what it is. */
interface Tile {
  readonly name: string;
  readonly value: string;
}

/** Numbers side by side. */
export function tiles(all: readonly Tile[]): Html {
  const each = all.map(
    ({ name, value }) => html`<div class="tile"><b>${value}</b><span>${name}</span></div>`,
  );
  return html`<div class="tiles">${each}</div>\n`;
}

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | Html;
  /** Words stand at the left, numbers at the right. */
  readonly isText?: boolean;
}

/** A table that scrolls within its section where it is long or wide. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const classOf = ({ isText }: Column<Row>): Html | undefined =>
    isText ? html` class="text"` : undefined;
  const head = columns.map((column) => html`<th${classOf(column)}>${column.title}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      const content = column.of(row);
      const whole =
        column.isText && typeof content === "string" ? html` title="${content}"` : undefined;
      return html`<td${classOf(column)}${whole}>${content}</td>`;
    });
    return html`<tr>${cells}</tr>\n`;
  });
  return html`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table></div>\n`;
}

/** A share from 0 to 1 as a number and a bar; a dash where there is none. */
export function share(value: number): Html {
  if (Number.isNaN(value)) return html`–`;
  const width = (100 * Math.min(1, Math.max(0, value))).toFixed(1);
  return html`${value.toFixed(3)}<span class="bar"><i style="width:${width}%"></i></span>`;
}

/** Names beside the colours of a chart's lines: those of `pageTheme` in order, or those that are given, by number or as CSS has them. */
export function legend(
  names: readonly string[],
  colours: readonly number[] | readonly string[] = [],
): Html {
  const colourAt = (i: number): string => {
    const colour = colours[i] ?? i;
    return typeof colour === "string" ? colour : `var(--c${colour % 10})`;
  };
  const each = names.map(
    (name, i) => html`<span><i style="background:${colourAt(i)}"></i>${name}</span>`,
  );
  return html`<p class="legend">${each}</p>\n`;
}

/** A rectangle that is drawn over a picture. */
export interface Mark {
  /** Left, top, right and bottom edge, as shares of the picture. */
  readonly edges: readonly [number, number, number, number];
  /** Which colour of `pageTheme`. */
  readonly colour: number;
  /** What shows where a pointer rests on it. */
  readonly title: string;
}

/** A picture and what is said of it. */
export interface Figure {
  /** A data: address; undefined where there is no picture. */
  readonly source: string | undefined;
  /** Whether its pixels are to be seen as squares: it is smaller than its place. */
  readonly isSmall: boolean;
  readonly caption: Html;
  readonly marked?: {
    /** Width and height of the picture. */
    readonly size: readonly [number, number];
    readonly marks: readonly Mark[];
  };
  /** Smaller pictures below, each with what shows where a pointer rests on it. */
  readonly maps?: readonly { readonly title: string; readonly source: string }[] | undefined;
}

/** Pictures side by side. */
export function gallery(figures: readonly Figure[]): Html {
  const each = figures.map(({ source, isSmall, caption, marked, maps }) => {
    const small = isSmall ? html` class="small"` : undefined;
    const picture =
      source &&
      (marked ? markedPicture(source, small, marked) : html`<img${small} src="${source}" alt="">`);
    const below = maps?.map(
      (map) => html`<img src="${map.source}" alt="${map.title}" title="${map.title}">`,
    );
    const beside = below && html`<div class="maps">${below}</div>`;
    return html`<figure>${picture}${beside}<figcaption>${caption}</figcaption></figure>\n`;
  });
  return html`<div class="gallery">${each}</div>\n`;
}

/** A picture with rectangles, each on a darker line that sets it off from what it lies on. */
function markedPicture(
  source: string,
  small: Html | undefined,
  { size: [width, height], marks }: NonNullable<Figure["marked"]>,
): Html {
  const each = marks.map(({ edges: [x0, y0, x1, y1], colour, title }) => {
    const place = html` x="${x0 * width}" y="${y0 * height}" width="${Math.max(0, x1 - x0) * width}" height="${Math.max(0, y1 - y0) * height}"`;
    return html`<rect class="under"${place}/><rect${place} style="stroke:var(--c${colour % 10})"><title>${title}</title></rect>`;
  });
  return html`<svg${small} viewBox="0 0 ${width} ${height}"><image href="${source}" width="${width}" height="${height}"/>${each}</svg>`;
}
