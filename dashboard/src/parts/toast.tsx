import { signal } from "@preact/signals";
import type { JSX } from "preact";

interface Message {
  readonly text: string;
  readonly isBad: boolean;
}

const messages = signal<readonly Message[]>([]);

/** Says something in the corner for some seconds. */
export function say(text: string, isBad = false): void {
  const message = { text, isBad };
  messages.value = [...messages.value, message];
  const forget = (): void => {
    messages.value = messages.value.filter((one) => one !== message);
  };
  setTimeout(forget, isBad ? 9000 : 5000);
}

/** What is said, for eyes and for readers of screens. */
export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {messages.value.map(({ text, isBad }) => (
        <p key={text} class={isBad ? "toast bad" : "toast"}>
          {text}
        </p>
      ))}
    </div>
  );
}
