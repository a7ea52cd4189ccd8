import type { JSX } from "preact";
import { Icon } from "./icon.tsx";
import { say } from "./toast.tsx";

/** Puts a text where it can be pasted from. */
export function CopyButton({ text }: { text: string }): JSX.Element {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied.");
    } catch {
      say("The browser does not let this page copy.", true);
    }
  };
  return (
    <button type="button" class="button plain" onClick={() => void copy()}>
      <Icon name="copy" /> Copy
    </button>
  );
}
