// Swagger UI's dark colours hang on a class. Runs before the first paint, and again when the system's theme changes.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
