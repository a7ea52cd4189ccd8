import type { JSX } from "preact";

interface SegmentsProps<Value extends string> {
  label: string;
  /** Each value and what it is called. */
  choices: readonly (readonly [value: Value, name: string])[];
  value: Value;
  onChange: (value: Value) => void;
}

/** One of a few. */
export function Segments<Value extends string>(props: SegmentsProps<Value>): JSX.Element {
  const { label, choices, value, onChange } = props;
  return (
    <fieldset class="segments">
      <legend class="hidden">{label}</legend>
      {choices.map(([one, name]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => onChange(one)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}
