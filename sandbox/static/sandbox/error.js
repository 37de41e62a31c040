import { startLanguage } from "./strings.js";

startLanguage();
