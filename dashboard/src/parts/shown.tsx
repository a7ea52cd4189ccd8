import type { ComponentChildren, JSX } from "preact";
import type { Same, View } from "../../../src/dashboard/api.ts";
import { count } from "../math/format.ts";
import { useAsked } from "../state/asked.ts";
import { Empty } from "./empty.tsx";
import type { IconName } from "./icon.tsx";

interface ShownProps<Answer> {
  path: string;
  icon: IconName;
  /** Milliseconds after which it is asked for again; undefined for never. */
  every?: (view: Answer) => number | undefined;
  /** Where each answer tells only what is new since an iteration: what is known with it. */
  join?: (known: Answer, news: Answer) => Answer;
  children: (view: Answer, about: Occasion) => ComponentChildren;
}

/** When that was seen which is shown. */
export interface Occasion {
  readonly iter: number;
  readonly text: string;
  readonly again: () => void;
}

/** A view of the run's net, or why there is none (yet). */
export function Shown<Answer>(props: ShownProps<Answer>): JSX.Element {
  const { path, icon, every, join, children } = props;
  const { answer, problem, again } = useAsked<View<Answer> | Same>(path, {
    every: (view) => {
      if (view.state === "waiting") return 1500;
      return view.state === "there" && !view.isKept ? every?.(view.view) : undefined;
    },
    // What has not changed is not sent again: pictures are large.
    query: (known) => {
      if (known.state !== "there") return "";
      return join ? `?since=${known.iter}` : `?known=${known.stamp}`;
    },
    join: (known, news) => {
      if (news.state === "same") return known;
      const isPart = join && known.state === "there" && news.state === "there";
      return isPart ? { ...news, view: join(known.view, news.view) } : news;
    },
  });
  if (!answer || answer.state === "same") {
    return problem ? (
      <Empty icon={icon} title="This cannot be shown">
        {problem}
      </Empty>
    ) : (
      <Empty icon={icon} title="Looking …" />
    );
  }
  if (answer.state === "waiting") {
    return (
      <Empty icon={icon} title="Nothing yet">
        {answer.why}
      </Empty>
    );
  }
  if (answer.state === "none") {
    return (
      <Empty icon={icon} title="Not in this run">
        {answer.why}
      </Empty>
    );
  }
  const text = `iteration ${count(answer.iter)}${answer.isKept ? ", kept when the run ended" : ""}`;
  return <>{children(answer.view, { iter: answer.iter, text, again })}</>;
}
