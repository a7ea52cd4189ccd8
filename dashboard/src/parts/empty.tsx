import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface EmptyProps {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
}

/** What stands where there is nothing to show, and why. */
export function Empty({ icon, title, children }: EmptyProps): JSX.Element {
  return (
    <section class="card empty">
      <Icon name={icon} size={28} />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
    </section>
  );
}
