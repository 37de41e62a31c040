// Tell the portal the browser's time zone and whether it shows 12 or 24 hours. The next page uses them.
"use strict";

{
  const { timeZone, hour12 } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `clock=${timeZone}|${hour12 ? 12 : 24}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}
