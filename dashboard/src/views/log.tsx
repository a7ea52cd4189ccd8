import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "../math/format.ts";
import { Empty } from "../parts/empty.tsx";
import { useLog } from "../state/follow-log.ts";
import { current } from "../state/runs.ts";

/** The log: it follows what is written, and shows the lines that hold what is sought. */
export function Log(): JSX.Element {
  const [fromStart, setFromStart] = useState(false);
  const [follows, setFollows] = useState(true);
  const [sought, setSought] = useState("");
  const log = useLog(current.value, fromStart);
  const place = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const words = sought.toLowerCase();
  const lines = (log?.lines ?? [])
    .map((text, i) => ({ text, number: (log?.first ?? 0) + i }))
    .filter(({ text }) => text.toLowerCase().includes(words));

  const last = lines.at(-1)?.number;
  const isThere = log !== undefined;
  // A further line is why it moves, and that a line which is seen first turns out to be higher than it was taken for.
  useLayoutEffect(() => {
    if (!follows || !place.current || !content.current) return;
    const at = place.current;
    const toEnd = (): void => {
      at.scrollTop = at.scrollHeight;
    };
    toEnd();
    const watch = new ResizeObserver(toEnd);
    watch.observe(content.current);
    return () => watch.disconnect();
  }, [follows, isThere, last, lines.length]);
  useEffect(() => {
    if (fromStart) setFollows(false);
  }, [fromStart]);

  if (!log) return <Empty icon="log" title="Reading the log …" />;
  if (log.problem && log.lines.length === 0) {
    return (
      <Empty icon="log" title="There is no log">
        {log.problem}
      </Empty>
    );
  }
  return (
    <>
      <div class="bar">
        <input
          type="search"
          class="input grow"
          placeholder="Search"
          aria-label="Search the log"
          value={sought}
          onInput={({ currentTarget }) => setSought(currentTarget.value)}
        />
        <span class="soft num">
          {sought
            ? `${count(lines.length)} of ${count(log.lines.length)} lines`
            : `${count(lines.length)} lines`}
        </span>
        {log.hasMore && !fromStart && (
          <button type="button" class="button" onClick={() => setFromStart(true)}>
            From the beginning
          </button>
        )}
        <button
          type="button"
          class="button"
          aria-pressed={follows}
          onClick={() => setFollows(!follows)}
        >
          Follow
        </button>
      </div>
      <div
        ref={place}
        class="log card"
        role="log"
        aria-label="Log"
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          // Who scrolls up reads; who scrolls to the end follows.
          setFollows(at.scrollHeight - at.scrollTop - at.clientHeight < 24);
        }}
      >
        <div ref={content}>
          {lines.map(({ text, number }) => (
            <Line key={number} text={text} words={words} />
          ))}
        </div>
      </div>
    </>
  );
}

/** Letters at the head of glog's lines: I0102 15:04:05.000000 … */
const HEAD = /^([IWEF])\d{4} /;

function Line({ text, words }: { text: string; words: string }): JSX.Element {
  const level = HEAD.exec(text)?.[1];
  const at = words ? text.toLowerCase().indexOf(words) : -1;
  const kind = level === "W" ? "warns" : level === "E" || level === "F" ? "fails" : "";
  if (at < 0) return <p class={kind}>{text || " "}</p>;
  return (
    <p class={kind}>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + words.length)}</mark>
      {text.slice(at + words.length)}
    </p>
  );
}
