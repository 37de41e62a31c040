// The person, channel, thread and tab are in the URL, so that they can be linked to. The person is also in a cookie,
// for the consent page.

const PERSON_COOKIE = "sandbox_person";
const NAMES = ["person", "channel", "thread", "tab"];

export function readLocation() {
  const parameters = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, parameters.get(name)]));
}

export function writeLocation(values, { replace = false } = {}) {
  const parameters = new URLSearchParams();
  for (const name of NAMES) if (values[name]) parameters.set(name, values[name]);
  const query = `?${parameters}`;
  if (query === location.search) return;
  if (replace) history.replaceState(null, "", query);
  else history.pushState(null, "", query);
}

export function savedPerson() {
  const cookie = document.cookie.split("; ").find((pair) => pair.startsWith(`${PERSON_COOKIE}=`));
  return cookie ? decodeURIComponent(cookie.slice(PERSON_COOKIE.length + 1)) : null;
}

export function savePerson(id) {
  document.cookie = `${PERSON_COOKIE}=${encodeURIComponent(id)}; Path=/; Max-Age=31536000; SameSite=Lax`;
}
