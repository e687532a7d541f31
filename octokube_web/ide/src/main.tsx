/** Starts the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startWorker } from "./feed/client";
import "./style/index.css";
import { App } from "./ui/App";
import { applyTheme, theme } from "./ui/theme";

applyTheme(theme.get());

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App feed={startWorker()} />
  </StrictMode>,
);
