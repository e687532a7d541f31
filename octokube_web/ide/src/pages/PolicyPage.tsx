/** The policy files in force, and what is wrong with those on disk. */
import { AdminService, type PolicyFile } from "../gen/octokube/v1/admin_service_pb";
import { ask, useAnswer } from "./hub";
import { Frame, Shown } from "./parts";

export default function PolicyPage() {
  const { answer, again } = useAnswer(async () => {
    const [policy, hub] = await Promise.all([
      ask(AdminService.method.getPolicy, {}),
      // The alarm is the hub's state: who may read the files only is not told of it.
      ask(AdminService.method.getHubStatus, {}).catch(() => undefined),
    ]);
    return { policy, alarms: hub?.policyAlarms ?? [] };
  }, []);
  return (
    <Frame title="Policy" about="The files in force, as the hub has read them. They are changed in git." actions={<button type="button" onClick={again}>Ask again</button>}>
      <Shown answer={answer} again={again}>
        {({ policy, alarms }) => (
          <>
            {alarms.length > 0 && (
              <div className="banner bad" role="alert">
                <div>
                  <strong>The files on disk are refused; these stay in force.</strong>
                  <ul>{alarms.map((alarm) => <li key={alarm}><code>{alarm}</code></li>)}</ul>
                </div>
              </div>
            )}
            <dl className="page-facts">
              <div><dt>Revision</dt><dd><code>{policy.revision}</code></dd></div>
              <div><dt>Commit</dt><dd>{policy.commit ? <code>{policy.commit}</code> : "none: the files are not as in a commit"}</dd></div>
            </dl>
            {policy.files.map((file) => <File key={file.name} file={file} />)}
          </>
        )}
      </Shown>
    </Frame>
  );
}

function File({ file }: { file: PolicyFile }) {
  const lines = new TextDecoder().decode(file.content).replace(/\n$/, "").split("\n");
  return (
    <section>
      <h2>{file.name}</h2>
      <div className="source" role="group" aria-label={file.name} tabIndex={0}>
        {lines.map((line, index) => (
          <div key={index} className={`line${line.trimStart().startsWith("#") ? " muted" : ""}`} data-number={index + 1}>
            <code>{line}</code>
          </div>
        ))}
      </div>
    </section>
  );
}
