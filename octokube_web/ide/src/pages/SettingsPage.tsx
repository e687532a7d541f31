/** How the page looks and listens, in this browser. */
import { useStore } from "../store";
import { change, DENSITIES, settings, THEMES, type Density, type Theme } from "../ui/settings";
import { Frame } from "./parts";

const THEME_TITLES: Record<Theme, string> = {
  system: "As the system says",
  light: "Light",
  dark: "Dark",
  "contrast-light": "High contrast, light",
  "contrast-dark": "High contrast, dark",
};
const DENSITY_TITLES: Record<Density, string> = { compact: "Compact", regular: "Regular", roomy: "Roomy" };

export default function SettingsPage() {
  const now = useStore(settings);
  return (
    <Frame title="Settings" about="For this browser alone.">
      <Choice legend="Theme" name="theme" values={THEMES} titles={THEME_TITLES} chosen={now.theme} onChosen={(theme) => change({ theme })} />
      <Choice legend="Rows of tables" name="density" values={DENSITIES} titles={DENSITY_TITLES} chosen={now.density} onChosen={(density) => change({ density })} />
      <fieldset className="settings">
        <legend>Keyboard and speech</legend>
        <label className="check">
          <input type="checkbox" checked={now.hasLetterKeys} onChange={(event) => change({ hasLetterKeys: event.target.checked })} />
          Single letters act in a table that has the focus
        </label>
        <label className="check">
          <input type="checkbox" checked={now.isSpoken} onChange={(event) => change({ isSpoken: event.target.checked })} />
          Terminals tell screen readers what they show
        </label>
        <label className="check">
          <input type="checkbox" checked={now.hasCounts} onChange={(event) => change({ hasCounts: event.target.checked })} />
          The side bar says how many objects there are, which it is sent for that
        </label>
      </fieldset>
    </Frame>
  );
}

interface ChoiceProps<T extends string> {
  readonly legend: string;
  readonly name: string;
  readonly values: readonly T[];
  readonly titles: Record<T, string>;
  readonly chosen: T;
  readonly onChosen: (value: T) => void;
}

function Choice<T extends string>({ legend, name, values, titles, chosen, onChosen }: ChoiceProps<T>) {
  return (
    <fieldset className="settings">
      <legend>{legend}</legend>
      {values.map((value) => (
        <label key={value} className="check">
          <input type="radio" name={name} checked={value === chosen} onChange={() => onChosen(value)} />
          {titles[value]}
        </label>
      ))}
    </fieldset>
  );
}
