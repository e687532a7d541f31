/** An object at a glance. */
import { useMemo } from "react";
import { formatPlace } from "../location";
import type { Store } from "../store";
import { CellAge } from "../ui/Cell";
import { StateDot } from "../ui/StateDot";
import { go, place } from "../workbench/tabs";
import { overviewOf, type Fact, type OverviewCell, type Section } from "./overview";

/** A text of more characters may be broken anywhere. */
const LONG = 24;

interface Props {
  readonly cluster: string;
  readonly type: string;
  readonly name: string;
  readonly body: string;
  readonly now: Store<number>;
}

export function OverviewTab({ cluster, type, name, body, now }: Props) {
  const sections = useMemo(() => overviewOf(type, body), [type, body]);
  return (
    <div className="overview" tabIndex={0} role="group" aria-label={`Overview of ${name}`} data-first>
      {sections.map((section) => (
        <section key={`${section.is} ${section.title}`}>
          <h3>{section.title}</h3>
          <Content section={section} cluster={cluster} now={now} />
        </section>
      ))}
    </div>
  );
}

function Content({ section, cluster, now }: { section: Section; cluster: string; now: Store<number> }) {
  switch (section.is) {
    case "facts":
      return (
        <dl className="overview-facts">
          {section.facts.map((fact) => (
            <div key={fact.term}><dt>{fact.term}</dt><dd><FactValue fact={fact} cluster={cluster} /></dd></div>
          ))}
        </dl>
      );
    case "words":
      return <ul className="chips">{section.words.map((word) => <li key={word}>{word}</li>)}</ul>;
    case "table":
      return (
        <div className="page-scroll" role="group" aria-label={section.title} tabIndex={0}>
          <table className="page-table">
            <thead><tr>{section.columns.map((column) => <th key={column} scope="col">{column}</th>)}</tr></thead>
            <tbody>
              {section.rows.map((row, index) => (
                <tr key={index}>{row.map((cell, position) => (
                  <td key={position} className={cell.text.length > LONG ? "long" : undefined}><Cell cell={cell} now={now} /></td>
                ))}</tr>
              ))}
            </tbody>
          </table>
        </div>
      );
  }
}

function Cell({ cell, now }: { cell: OverviewCell; now: Store<number> }) {
  if (cell.since !== undefined) return <CellAge since={cell.since} now={now} />;
  if (!cell.tone) return <>{cell.text}</>;
  return <span className={`status ${cell.tone}`}><StateDot tone={cell.tone} />{cell.text}</span>;
}

function FactValue({ fact, cluster }: { fact: Fact; cluster: string }) {
  if (!fact.link) return <>{fact.value}</>;
  const { type, namespace, name } = fact.link;
  const target = { page: "", cluster, type, namespace: "", inNamespace: namespace, name, filter: "" };
  return <a href={formatPlace({ ...place.get(), ...target, tab: "" })} onClick={(event) => (event.preventDefault(), go(target))}>{fact.value}</a>;
}
