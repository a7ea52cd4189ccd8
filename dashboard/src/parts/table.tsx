import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

/** A column of a table that sorts. */
export interface Column<Row> {
  readonly title: string;
  /** What it is sorted by: words from A, numbers from the largest. */
  readonly by: (row: Row) => string | number;
  readonly show?: (row: Row) => ComponentChildren;
  /** Explains the title. */
  readonly about?: string;
}

interface TableProps<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  selected?: string | undefined;
  onSelect?: (row: Row) => void;
  label: string;
}

interface Order {
  readonly column: number;
  readonly isTurned: boolean;
}

/** A table: a column's title sorts, once more turns the order round, and a third time is the order of before. */
export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { columns, rows, keyOf, selected, onSelect, label } = props;
  const [order, setOrder] = useState<Order | undefined>(undefined);
  const sorted = order ? sortedRows(rows, columns[order.column], order.isTurned) : rows;
  const turn = (column: number): void => {
    if (order?.column !== column) setOrder({ column, isTurned: false });
    else setOrder(order.isTurned ? undefined : { column, isTurned: true });
  };
  const isText = columns.map(({ by }) => rows[0] !== undefined && typeof by(rows[0]) === "string");
  return (
    <section class="table" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, about }, i) => (
              <th
                key={title}
                class={isText[i] ? "text" : undefined}
                aria-sort={order?.column === i ? direction(order.isTurned, isText[i]) : undefined}
              >
                <button type="button" title={about} onClick={() => turn(i)}>
                  {title}
                  <span class="turn" aria-hidden="true">
                    {order?.column === i && ((isText[i] ?? false) === order.isTurned ? "↓" : "↑")}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => {
            const key = keyOf(row);
            return (
              <tr
                key={key}
                class={onSelect && (key === selected ? "chosen" : "choice")}
                onClick={() => onSelect?.(row)}
              >
                {columns.map(({ title, by, show }, i) => (
                  <td key={title} class={isText[i] ? "text" : undefined}>
                    {cell(
                      show?.(row) ?? by(row),
                      i === 0 ? onSelect && (() => onSelect(row)) : undefined,
                      key === selected,
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** The first cell of a row that can be chosen is a button, for the keyboard. */
function cell(
  content: ComponentChildren,
  choose: (() => void) | undefined,
  isChosen: boolean,
): ComponentChildren {
  if (!choose) return content;
  return (
    <button type="button" aria-pressed={isChosen} onClick={choose}>
      {content}
    </button>
  );
}

function direction(isTurned: boolean, isText: boolean | undefined): "ascending" | "descending" {
  return isTurned === (isText ?? false) ? "descending" : "ascending";
}

function sortedRows<Row>(
  rows: readonly Row[],
  column: Column<Row> | undefined,
  isTurned: boolean,
): readonly Row[] {
  if (!column) return rows;
  const compared = (a: Row, b: Row): number => {
    const [one, other] = [column.by(a), column.by(b)];
    if (typeof one === "string") return one.localeCompare(String(other), "en", { numeric: true });
    return Number(other) - one;
  };
  return rows.toSorted((a, b) => (isTurned ? compared(b, a) : compared(a, b)));
}
