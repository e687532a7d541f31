/** Starts the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startWorker } from "./feed/client";
import "./style/index.css";
import { App } from "./ui/App";
import { applySettings } from "./ui/settings";

applySettings();

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App feed={startWorker()} />
  </StrictMode>,
);
