import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RunFacts, RunFiles } from "../../../src/dashboard/api.ts";
import { shellWord } from "../../../src/util/shell-word.ts";
import { count } from "../math/format.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Empty } from "../parts/empty.tsx";
import { runPath } from "../state/api.ts";
import { useAsked } from "../state/asked.ts";
import { current, facts, historyOf } from "../state/runs.ts";

/** What the run was made of, and what it has left: command, environment, prototxts, snapshots. */
export function Files(): JSX.Element {
  const run = facts.value;
  const { answer, problem } = useAsked<RunFiles>(runPath(current.value, "files"));
  return (
    <>
      {run && <Command run={run} />}
      <Snapshots />
      {answer && answer.files.length > 0 ? (
        <Texts files={answer.files} />
      ) : (
        <Empty icon="files" title={answer ? "No files were kept" : "Reading …"}>
          {problem}
        </Empty>
      )}
      {run && <Environment run={run} />}
    </>
  );
}

function Command({ run }: { run: RunFacts }): JSX.Element {
  const text = run.command.map(shellWord).join(" ");
  return (
    <section class="card">
      <header>
        <h2>Command</h2>
        <span class="soft grow path">{run.folder}</span>
        <CopyButton text={text} />
      </header>
      <pre class="code">{text || "–"}</pre>
    </section>
  );
}

function Snapshots(): JSX.Element {
  const { snapshots } = historyOf(current.value);
  return (
    <section class="card">
      <header>
        <h2>Snapshots</h2>
        <span class="soft">
          {snapshots.length === 0 ? "none so far" : `${snapshots.length}, newest first`}
        </span>
      </header>
      {snapshots.length > 0 && (
        <ul class="snapshots">
          {snapshots.toReversed().map(({ iter, time, state }) => (
            <li key={`${iter} ${time}`}>
              <b class="num">{count(iter)}</b>
              <span class="soft num">{new Date(time).toLocaleString()}</span>
              <code>{state}</code>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Texts({ files }: RunFiles): JSX.Element {
  const [name, setName] = useState(files[0]?.name);
  const file = files.find((one) => one.name === name) ?? files[0];
  return (
    <section class="card">
      <header>
        <h2>Files</h2>
        <select
          class="select"
          aria-label="File"
          value={file?.name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        >
          {files.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
        <span class="grow" />
        <CopyButton text={file?.text ?? ""} />
      </header>
      <pre class="code" tabIndex={0}>
        {file?.text}
      </pre>
    </section>
  );
}

function Environment({ run }: { run: RunFacts }): JSX.Element {
  return (
    <section class="card">
      <header>
        <h2>Environment</h2>
      </header>
      <dl class="facts">
        {Object.entries(run.environment).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
