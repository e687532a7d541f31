/** Files of a container, as an archive; and the command that leads local ports to a pod. */
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import { useSession } from "../ui/context";
import { useAccess, type Verdict } from "./access";
import { gather, keep, sizeText, type Gathering } from "./gather";
import { containersOf, operationTarget, type Target } from "./target";

/** What a page can hold before it offers it as a file. */
const LIMIT = 256 * 1024 ** 2;

export default function FilesTab({ target }: { target: Target }) {
  const verdicts = useAccess(target, ["exec", "portforward"]);
  return (
    <div className="overview" tabIndex={0} role="group" aria-label={`Files and ports of ${target.name}`}>
      <Files key={target.uid} target={target} verdict={verdicts("exec")} />
      <Ports target={target} verdict={verdicts("portforward")} />
    </div>
  );
}

function Files({ target, verdict }: { target: Target; verdict: Verdict }) {
  const { feed } = useSession();
  const containers = useMemo(() => containersOf(target.body).filter((one) => one.kind !== "init"), [target.body]);
  const [container, setContainer] = useState("");
  const [path, setPath] = useState("");
  const [told, setTold] = useState("");
  const [isRefused, setRefused] = useState(false);
  const [going, setGoing] = useState<Gathering | undefined>();
  const newest = useRef<Gathering | undefined>(undefined);
  newest.current = going;
  useEffect(() => () => newest.current?.cancel(), []);

  async function fetchFiles(event: FormEvent) {
    event.preventDefault();
    setRefused(false);
    setTold("Asking the container…");
    const chosen = container || containers[0]?.name || "";
    const gathering = gather(
      feed,
      { target: operationTarget(target), operation: { case: "copyFrom", value: { container: chosen, path } } },
      LIMIT,
      (bytes) => setTold(`${sizeText(bytes)} so far`),
    );
    setGoing(gathering);
    const { ending, parts, isCut, errors } = await gathering.ended;
    setGoing(undefined);
    const code = ending.result?.exitCode ?? 0;
    if (isCut) {
      setRefused(true);
      setTold(`It is more than ${sizeText(LIMIT)}, which a page does not hold. octokube cp ${target.name}:${path} DIRECTORY does it from a terminal.`);
    } else if (!ending.isDone || code !== 0) {
      setRefused(true);
      setTold([ending.isDone ? `The container's tar ended with exit code ${code}.` : ending.message, errors.trim()].filter(Boolean).join(" "));
    } else {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      keep(`${target.name}-${path.split("/").filter(Boolean).at(-1) ?? "root"}.tar`, "application/x-tar", parts as readonly BlobPart[]);
      setTold(`${sizeText(bytes)}, as a tar archive.${errors ? ` The container said: ${errors.trim()}` : ""}`);
    }
  }
  return (
    <section>
      <h3>Files</h3>
      {verdict.is !== "allowed" ? <p className="muted">{verdict.sentence}</p> : (
        <form className="page-form" onSubmit={(event) => void fetchFiles(event)}>
          {containers.length > 1 && (
            <label>Container
              <select value={container || containers[0]?.name} onChange={(event) => setContainer(event.target.value)}>
                {containers.map((one) => <option key={one.name}>{one.name}</option>)}
              </select>
            </label>
          )}
          <label>File or folder<input value={path} required pattern="/.*" title="An absolute path" placeholder="/var/log" spellCheck={false} onChange={(event) => setPath(event.target.value)} /></label>
          {going ? <button type="button" onClick={going.cancel}>Stop</button> : <button type="submit">Fetch</button>}
        </form>
      )}
      <p className={isRefused ? "refusal" : "muted"} role="status">{told}</p>
      <p className="muted">A tar program in the container packs it. That is decided as running a command, and on record.</p>
    </section>
  );
}

interface Ported {
  readonly spec?: { readonly containers?: readonly { readonly ports?: readonly { readonly containerPort?: number; readonly name?: string }[] }[] };
}

function Ports({ target, verdict }: { target: Target; verdict: Verdict }) {
  const ports = useMemo(() => ((JSON.parse(target.body || "{}") as Ported).spec?.containers ?? []).flatMap((one) => one.ports ?? []).flatMap(({ containerPort, name }) => (containerPort ? [{ port: containerPort, name: name ?? "" }] : [])), [target.body]);
  const [copied, setCopied] = useState(0);
  const commandOf = (port: number) => `octokube port-forward ${target.name} ${port} -n ${target.namespace} --cluster ${target.cluster}`;
  return (
    <section>
      <h3>Ports</h3>
      {verdict.is !== "allowed" && <p className="muted">{verdict.sentence}</p>}
      {ports.length === 0 && <p className="muted">Its containers name no ports.</p>}
      <ul className="port-list">
        {ports.map(({ port, name }) => (
          <li key={`${port} ${name}`}>
            <span>{port}{name && <span className="muted"> {name}</span>}</span>
            <code>{commandOf(port)}</code>
            <button
              type="button"
              aria-disabled={verdict.is !== "allowed"}
              title={verdict.is === "allowed" ? "Copy the command" : verdict.sentence}
              onClick={() => verdict.is === "allowed" && void navigator.clipboard.writeText(commandOf(port)).then(() => setCopied(port))}
            >
              {copied === port ? "Copied" : "Copy"}
            </button>
          </li>
        ))}
      </ul>
      {ports.length > 0 && <p className="muted">A page cannot open ports on your machine; the command does, with the same policy and on the same record.</p>}
    </section>
  );
}
