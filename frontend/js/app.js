// Every page works without this file; it only saves the user time.
import htmx from "htmx.org";
import { dragAndDrop } from "./upload.js";
import { guardChanges } from "./guard.js";
import { shortcuts } from "./keys.js";
import { tables } from "./tables.js";
import { copying } from "./copy.js";

window.htmx = htmx;
document.documentElement.classList.add("js");
copying();
guardChanges();
shortcuts();
tables();
dragAndDrop();
