// Every page works without this file; it only saves the user time.
import htmx from "htmx.org";
import { dragAndDrop } from "./upload.js";
import { guardChanges } from "./guard.js";
import { shortcuts } from "./keys.js";
import { tables } from "./tables.js";
import { copying } from "./copy.js";

// What the content policy forbids anyway is switched off here, so that nothing even tries.
Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  historyCacheSize: 0, // pages hold personal data: none of it into the browser's storage
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
});
document.documentElement.classList.add("js");
copying();
guardChanges();
shortcuts();
tables();
dragAndDrop();
