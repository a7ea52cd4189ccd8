import { loadSharp } from "../../io/images/sharp.ts";
import { type Html, html } from "../../page/html.ts";
import { pageTheme, paperTheme, type Theme } from "../../plot/theme.ts";
import { type Confusion, rowOf } from "../measures/confusion.ts";

/** Up to so many classes each cell is drawn with its number, and each class named. */
const MOST_NAMED = 40;
/** Cells of more classes than this are put together: the picture has no more places. */
const MOST_PLACES = 360;
/** A cell's side, and the side of a picture of more classes. */
const [CELL, SIDE] = [34, 720];
/** Names longer than this are cut. */
const MOST_LETTERS = 22;
const LETTER = 6.4;
/** A page that is narrower scrolls it, so that letters stay readable. */
const LEAST_SCALE = 0.75;
/** From this strength on a colour needs letters that are no ink. */
const STRONG = 0.62;

/** Colours: right, wrong, and letters on them. */
const PAPER = { right: "#2458c5", wrong: "#c2410c" };
const PAGE = { right: "var(--c0)", wrong: "var(--c1)" };

/**
 * A confusion as an SVG: a row for each class, and how its records were taken, the stronger the larger their share of the row;
 * on the diagonal what is right. Of more than 40 classes it is a map without names, and of more than 360 a place of it stands
 * for several classes.
 *
 * @param where on paper, black on white, or within a page of `page/page.ts`
 */
export async function confusionSvg(
  confusion: Confusion,
  names: readonly string[],
  where: "paper" | "page",
): Promise<Html> {
  const theme = where === "paper" ? paperTheme : pageTheme;
  const colours = where === "paper" ? PAPER : PAGE;
  return confusion.classes <= MOST_NAMED
    ? namedCells(confusion, names, theme, colours)
    : await mapOf(confusion, theme);
}

/** How strong the colour of a share is: small ones are seen too. */
function strengthOf(share: number): number {
  return share > 0 ? 0.06 + 0.84 * Math.sqrt(share) : 0;
}

function namedCells(
  confusion: Confusion,
  names: readonly string[],
  theme: Theme,
  colours: typeof PAPER,
): Html {
  const { classes } = confusion;
  const labels = names.map(cut);
  const room = 16 + LETTER * Math.max(...labels.map((label) => label.length), 4);
  // Names above stand slanted.
  const [left, top] = [Math.ceil(room), Math.ceil(Math.max(48, room * 0.72 + 30))];
  const side = classes * CELL;
  const [width, height] = [left + side + Math.max(16, room * 0.72), top + side + 16];
  const at = (i: number): number => i * CELL;
  const cells = labels.flatMap((_, label) => {
    const row = rowOf(confusion, label);
    const all = row.reduce((sum, count) => sum + count, 0);
    return [...row.entries()].flatMap(([guess, count]): Html[] => {
      if (count === 0) return [];
      const strength = strengthOf(count / all);
      const colour = label === guess ? colours.right : colours.wrong;
      const [x, y] = [left + at(guess), top + at(label)];
      const tip = `${labels[label]} → ${labels[guess]}: ${count} (${((100 * count) / all).toFixed(1)} %)`;
      return [
        html`<g><title>${tip}</title><rect x="${x + 0.5}" y="${y + 0.5}" width="${CELL - 1}" height="${CELL - 1}" fill="${colour}" fill-opacity="${strength.toFixed(3)}"/><text x="${x + CELL / 2}" y="${y + CELL / 2 + 4}" text-anchor="middle" font-size="${count > 9999 ? 8 : 11}" fill="${inkOn(strength, theme)}">${count}</text></g>\n`,
      ];
    });
  });
  const rows = labels.map(
    (label, i) =>
      html`<text x="${left - 8}" y="${top + at(i) + CELL / 2 + 4}" text-anchor="end" fill="${theme.ink}">${label}</text>\n`,
  );
  const columns = labels.map((label, i) => {
    const [x, y] = [left + at(i) + CELL / 2 - 2, top - 8];
    return html`<text transform="translate(${x.toFixed(1)},${y.toFixed(1)}) rotate(-45)" fill="${theme.ink}">${label}</text>\n`;
  });
  const frame = html`<rect x="${left}" y="${top}" width="${side}" height="${side}" fill="none" stroke="${theme.axis}"/>`;
  return svg(width, height, theme, [cells, rows, columns, frame, axes(left, top, side, theme)]);
}

/** A number on strong colour is as light as paper, or as the page's ground: the colours of a dark page are light. */
function inkOn(strength: number, { ink, ground }: Theme): string {
  if (strength < STRONG) return ink;
  return ground === "white" ? "white" : "var(--card)";
}

async function mapOf(confusion: Confusion, theme: Theme): Promise<Html> {
  const { classes } = confusion;
  const image = await heatMap(confusion);
  const [left, top] = [64, 40];
  const step = [5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10000].find(
    (one) => classes / one <= 12,
  );
  const ticks = Array.from(
    { length: Math.ceil(classes / (step ?? classes)) },
    (_, i) => i * (step ?? classes),
  ).map((label) => {
    const at = ((label + 0.5) / classes) * SIDE;
    return html`<text x="${left - 8}" y="${(top + at + 4).toFixed(1)}" text-anchor="end" fill="${theme.ink}">${label}</text><text x="${(left + at).toFixed(1)}" y="${top - 8}" text-anchor="middle" fill="${theme.ink}">${label}</text>\n`;
  });
  const picture = html`<image x="${left}" y="${top}" width="${SIDE}" height="${SIDE}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${image}"/>
<rect x="${left}" y="${top}" width="${SIDE}" height="${SIDE}" fill="none" stroke="${theme.axis}"/>`;
  return svg(left + SIDE + 24, top + SIDE + 16, theme, [
    picture,
    ticks,
    axes(left, top, SIDE, theme),
  ]);
}

/** What the axes are. */
function axes(left: number, top: number, side: number, { axis }: Theme): Html {
  return html`<text x="${left + side / 2}" y="14" text-anchor="middle" font-size="11" fill="${axis}">taken for →</text>
<text x="${left - 8}" y="${top - 8}" text-anchor="end" font-size="11" fill="${axis}">is ↓</text>
`;
}

function svg(
  width: number,
  height: number,
  theme: Theme,
  content: readonly (Html | readonly Html[])[],
): Html {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" style="min-width:${Math.round(LEAST_SCALE * w)}px" font-family="Helvetica, Arial, sans-serif" font-size="12">
<rect width="${w}" height="${h}" fill="${theme.ground}"/>
${content}</svg>
`;
}

/** A picture of a pixel for each pair of classes, or of several: blue where they are right, red where they are not. */
async function heatMap(confusion: Confusion): Promise<string> {
  const { classes } = confusion;
  const fold = Math.ceil(classes / MOST_PLACES);
  const places = Math.ceil(classes / fold);
  const pixels = new Uint8Array(4 * places * places);
  for (let y = 0; y < places; y++) {
    const sums = new Float64Array(places);
    let all = 0;
    for (let label = y * fold; label < Math.min(classes, (y + 1) * fold); label++) {
      rowOf(confusion, label).forEach((count, guess) => {
        const x = Math.floor(guess / fold);
        sums[x] = (sums[x] ?? 0) + count;
        all += count;
      });
    }
    sums.forEach((count, x) => {
      const colour = x === y ? [59, 110, 226] : [222, 92, 40];
      pixels.set([...colour, Math.round(255 * strengthOf(count / all))], 4 * (y * places + x));
    });
  }
  const sharp = await loadSharp();
  const raw = { width: places, height: places, channels: 4 } as const;
  const png = await sharp(pixels, { raw }).png({ compressionLevel: 9 }).toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}

/** A name that is not too long for its place. */
function cut(name: string): string {
  const letters = [...name];
  return letters.length <= MOST_LETTERS ? name : `${letters.slice(0, MOST_LETTERS - 1).join("")}…`;
}
