import "@fontsource-variable/inter/wght.css";
import "./styles/index.css";
import { run } from "./run.ts";

void run();
