const ENGLISH = {
  add_apps: "Add apps",
  allow: "Allow",
  app_badge: "APP",
  app_unreachable: "Not reachable just now. Is it running?",
  apps: "Apps",
  apps_empty: "No apps are registered here yet.",
  apps_intro: "Apps add commands, buttons and messages to this workspace.",
  apps_title: "Add apps",
  authorize: "Authorize",
  authorize_hint: "Installed here. Authorize it to use it as yourself.",
  broadcast_channel: "@channel",
  broadcast_here: "@here",
  cancel: "Cancel",
  channel_conversation: "Messages in {channel}",
  channels: "Channels",
  choose: "Choose…",
  close: "Close",
  close_menu: "Close menu",
  close_thread: "Close thread",
  commands: "Commands",
  "commands_found.one": "{count} command. Use the arrow keys to choose.",
  "commands_found.other": "{count} commands. Use the arrow keys to choose.",
  confirm: "Confirm",
  consent_bot_scopes: "{app} as a bot, in the whole workspace, may",
  consent_cannot_install: "{person} cannot install apps in {workspace}. Choose an owner or an administrator.",
  consent_continue_as: "Continue as",
  consent_note: "You can take this back at any time by removing the app.",
  consent_title: "{app} asks for access to {workspace}",
  consent_title_plain: "{app} asks for access",
  consent_user_scopes: "{app} on your behalf may",
  consent_what_authorize: "{app} is already installed here. Allow it to act for you.",
  consent_what_install: "Allowing installs {app} for everyone in {workspace} and lets it act for you.",
  copied: "Copied",
  copy: "Copy",
  copy_failed: "Selected: press Ctrl+C",
  deny: "Deny",
  direct_messages: "Direct messages",
  edited: "(edited)",
  empty_channel: "No messages yet. Say hello, or type / to see what you can do.",
  error_title: "That did not work",
  back_to_chat: "Back to the chat",
  from: "From",
  home: "Home",
  install: "Install",
  install_hint: "Not installed in {workspace}.",
  installed: "Installed",
  jump_to_latest: "New messages",
  language: "Language",
  loading: "Loading…",
  "members.one": "{count} member",
  "members.other": "{count} members",
  menu: "Open menu",
  message_channel: "Message {channel}",
  messages: "Messages",
  messages_new: "Messages, {count} new",
  navigation: "Workspace",
  no_options: "Nothing found",
  offline: "Reconnecting…",
  only_you: "Only visible to you",
  open: "Open",
  private_channel: "private channel",
  private_channel_icon: "Private channel",
  replied_in_thread: "replied to a thread",
  "replies.one": "{count} reply",
  "replies.other": "{count} replies",
  reply: "Reply",
  reply_in_thread: "Reply in thread",
  required: "required",
  optional: "optional",
  "role.ADMINISTRATOR": "administrator",
  "role.GUEST": "guest",
  "role.OWNER": "owner",
  "role.USER": "member",
  search: "Search",
  send: "Send",
  send_hint: "Enter to send, Shift + Enter for a new line",
  sending: "Sending…",
  start_of_channel: "This is the beginning of {channel}",
  start_of_direct: "This is the beginning of your conversation with {channel}",
  submit: "Submit",
  thread: "Thread",
  title: "Local Pumble",
  to: "To",
  today: "Today",
  unknown_channel: "unknown channel",
  unknown_person: "unknown",
  unreachable: "The local Pumble does not answer. Is it still running?",
  waiting_for_app: "Waiting for the app…",
  workspace: "Workspace",
  yesterday: "Yesterday",
  you_are: "You are",
  you_suffix: "{name} (you)",
};

const SPANISH = {
  add_apps: "Añadir apps",
  allow: "Permitir",
  app_badge: "APP",
  app_unreachable: "Ahora no responde. ¿Está en marcha?",
  apps: "Apps",
  apps_empty: "Todavía no hay apps registradas.",
  apps_intro: "Las apps añaden comandos, botones y mensajes a este espacio de trabajo.",
  apps_title: "Añadir apps",
  authorize: "Autorizar",
  authorize_hint: "Ya está instalada. Autorízala para usarla en tu nombre.",
  broadcast_channel: "@channel",
  broadcast_here: "@here",
  cancel: "Cancelar",
  channel_conversation: "Mensajes en {channel}",
  channels: "Canales",
  choose: "Elige…",
  close: "Cerrar",
  close_menu: "Cerrar el menú",
  close_thread: "Cerrar el hilo",
  commands: "Comandos",
  "commands_found.one": "{count} comando. Elige con las flechas.",
  "commands_found.other": "{count} comandos. Elige con las flechas.",
  confirm: "Confirmar",
  consent_bot_scopes: "{app} como bot, en todo el espacio, puede",
  consent_cannot_install: "{person} no puede instalar apps en {workspace}. Elige a alguien titular o admin.",
  consent_continue_as: "Continuar como",
  consent_note: "Puedes retirarlo cuando quieras quitando la app.",
  consent_title: "{app} pide acceso a {workspace}",
  consent_title_plain: "{app} pide acceso",
  consent_user_scopes: "{app} en tu nombre puede",
  consent_what_authorize: "{app} ya está instalada aquí. Permite que actúe por ti.",
  consent_what_install: "Si lo permites, {app} se instala para todo {workspace} y puede actuar por ti.",
  copied: "Copiado",
  copy: "Copiar",
  copy_failed: "Seleccionado: pulsa Ctrl+C",
  deny: "Denegar",
  direct_messages: "Mensajes directos",
  edited: "(editado)",
  empty_channel: "Aún no hay mensajes. Saluda, o escribe / para ver qué puedes hacer.",
  error_title: "No ha funcionado",
  back_to_chat: "Volver al chat",
  from: "Desde",
  home: "Inicio",
  install: "Instalar",
  install_hint: "No está instalada en {workspace}.",
  installed: "Instalada",
  jump_to_latest: "Mensajes nuevos",
  language: "Idioma",
  loading: "Cargando…",
  "members.one": "{count} miembro",
  "members.other": "{count} miembros",
  menu: "Abrir el menú",
  message_channel: "Mensaje para {channel}",
  messages: "Mensajes",
  messages_new: "Mensajes, {count} nuevos",
  navigation: "Espacio de trabajo",
  no_options: "No hay resultados",
  offline: "Reconectando…",
  only_you: "Solo lo ves tú",
  open: "Abrir",
  private_channel: "canal privado",
  private_channel_icon: "Canal privado",
  replied_in_thread: "respondió en un hilo",
  "replies.one": "{count} respuesta",
  "replies.other": "{count} respuestas",
  reply: "Responder",
  reply_in_thread: "Responder en un hilo",
  required: "obligatorio",
  optional: "opcional",
  "role.ADMINISTRATOR": "admin",
  "role.GUEST": "visitante",
  "role.OWNER": "titular",
  "role.USER": "miembro",
  search: "Buscar",
  send: "Enviar",
  send_hint: "Intro para enviar, Mayús + Intro para otra línea",
  sending: "Enviando…",
  start_of_channel: "Aquí empieza {channel}",
  start_of_direct: "Aquí empieza tu conversación con {channel}",
  submit: "Enviar",
  thread: "Hilo",
  title: "Pumble local",
  to: "Hasta",
  today: "Hoy",
  unknown_channel: "canal desconocido",
  unknown_person: "desconocido",
  unreachable: "El Pumble local no responde. ¿Sigue en marcha?",
  waiting_for_app: "Esperando a la app…",
  workspace: "Espacio de trabajo",
  yesterday: "Ayer",
  you_are: "Eres",
  you_suffix: "{name} (tú)",
  // The consent page gets its scopes in English words.
  "scope.attachments:write": "Editar los adjuntos de los mensajes",
  "scope.calls:write": "Crear llamadas",
  "scope.channels:list": "Ver la lista de canales",
  "scope.channels:read": "Ver los detalles y el historial de los canales",
  "scope.channels:write": "Crear canales, gestionar sus miembros y publicar su pestaña Inicio",
  "scope.files:write": "Subir archivos",
  "scope.group:read": "Ver los grupos de personas",
  "scope.messages:delete": "Borrar mensajes",
  "scope.messages:edit": "Editar los mensajes que envió",
  "scope.messages:read": "Leer mensajes de los canales que ve",
  "scope.messages:write": "Enviar mensajes",
  "scope.reaction:read": "Ver reacciones",
  "scope.reaction:write": "Añadir y quitar reacciones",
  "scope.status:write": "Cambiar el estado personalizado",
  "scope.user:read": "Ver los datos de una persona",
  "scope.users:list": "Ver la lista de personas",
  "scope.workspace:read": "Ver los datos del espacio de trabajo",
};

const DICTIONARIES = { en: ENGLISH, es: SPANISH };
const REMEMBERED = "sandbox_language";

let language = "en";

// Times follow the reader's region where it speaks the chosen language.
const region = () => navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

export function currentLanguage() {
  return language;
}

export function startLanguage() {
  let wanted = null;
  try {
    wanted = localStorage.getItem(REMEMBERED);
  } catch {
    // Storage may be blocked; then the browser's language decides every time.
  }
  language = wanted in DICTIONARIES ? wanted : navigator.language.toLowerCase().startsWith("es") ? "es" : "en";
  translatePage();
}

export function chooseLanguage(wanted) {
  language = wanted in DICTIONARIES ? wanted : "en";
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // See above.
  }
  translatePage();
}

export function known(key) {
  return DICTIONARIES[language][key];
}

export function say(key, values = {}) {
  const text = known(key) ?? ENGLISH[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function sayCount(key, count) {
  const form = new Intl.PluralRules(language).select(count) === "one" ? "one" : "other";
  return say(`${key}.${form}`, { count: new Intl.NumberFormat(language).format(count) });
}

export function sayRole(role) {
  const word = String(role).startsWith("GUEST") ? "GUEST" : role;
  return known(`role.${word}`) ?? String(role).toLowerCase();
}

function translatePage() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]"))
    node.setAttribute("aria-label", say(node.dataset.label));
}

export function sayTime(milliseconds) {
  return new Intl.DateTimeFormat(region(), { timeStyle: "short" }).format(milliseconds);
}

// In the narrow gutter, where the full time stands close above.
export function sayHour(milliseconds) {
  const parts = new Intl.DateTimeFormat(region(), { timeStyle: "short" }).formatToParts(milliseconds);
  return parts
    .filter(({ type }) => type !== "dayPeriod")
    .map(({ value }) => value)
    .join("")
    .trim();
}

export function sayMoment(milliseconds) {
  return new Intl.DateTimeFormat(region(), { dateStyle: "full", timeStyle: "medium" }).format(milliseconds);
}

export function sayDay(milliseconds) {
  const day = new Date(milliseconds).toDateString();
  const now = new Date();
  if (day === now.toDateString()) return say("today");
  now.setDate(now.getDate() - 1);
  if (day === now.toDateString()) return say("yesterday");
  return new Intl.DateTimeFormat(region(), { weekday: "long", day: "numeric", month: "long" }).format(milliseconds);
}
