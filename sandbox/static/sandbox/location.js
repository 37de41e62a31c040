// Where the reader stands is in the address, so that a view can be linked to; who they are is also in a cookie, so that
// the consent page knows it.

const PERSON_COOKIE = "sandbox_person";
const NAMES = ["person", "channel", "thread", "tab"];

export function readPlace() {
  const parameters = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, parameters.get(name)]));
}

export function writePlace(place, { replace = false } = {}) {
  const parameters = new URLSearchParams();
  for (const name of NAMES) if (place[name]) parameters.set(name, place[name]);
  const address = `?${parameters}`;
  if (address === location.search) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

export function rememberedPerson() {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${PERSON_COOKIE}=`));
  return found ? decodeURIComponent(found.slice(PERSON_COOKIE.length + 1)) : null;
}

export function rememberPerson(id) {
  document.cookie = `${PERSON_COOKIE}=${encodeURIComponent(id)}; Path=/; Max-Age=31536000; SameSite=Lax`;
}
