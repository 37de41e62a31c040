// Set the class for Swagger UI's dark colors before the first paint, and when the system's theme changes.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const applyTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", applyTheme);
applyTheme();
