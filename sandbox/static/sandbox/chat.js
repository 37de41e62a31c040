import { createActions } from "./actions.js";
import * as api from "./api.js";
import { createAppsDialog } from "./apps.js";
import { createComposer } from "./composer.js";
import { createDirectory, isActivePerson } from "./directory.js";
import { icon, saveFocus } from "./dom.js";
import { createHome } from "./home.js";
import { chooseLanguage, currentLanguage, startLanguage, t, tCount } from "./i18n.js";
import { createInspector } from "./inspector.js";
import { readLocation, savedPerson, savePerson, writeLocation } from "./location.js";
import { createMessageList, rootOf, timeline } from "./messages.js";
import { createModals } from "./modals.js";
import { createPeopleDialog } from "./people.js";
import { startPolling } from "./polling.js";
import { createDrawer, createSidebar } from "./sidebar.js";
import { showSpinners } from "./spinners.js";
import { createThread } from "./thread.js";
import { newerThan } from "./values.js";

const DIRECTORY_INTERVAL = 6000;
// While a spinner is shown, poll more often to see its end.
const SPINNER_INTERVAL = 400;

const byId = (id) => document.getElementById(id);

const state = {
  workspaces: [],
  apps: [],
  commands: [],
  shortcuts: [],
  directory: null,
  person: null,
  channel: null,
  thread: null,
  tab: null,
  screen: null,
  // The time at which this page was opened, as an id: older ephemeral messages and modals are hidden.
  since: "",
  // Ids of the messages when the Home tab was opened. Later ones count as new.
  seenOnHome: null,
};
// Increased with each change of channel or screen, so that a late answer cannot overwrite a newer one.
let turn = 0;
let directoryLoadedAt = 0;
let poll = null;
let hasStarted = false;
const lastChannel = new Map();

// --- data from the server ---

async function loadDirectory() {
  const person = state.person;
  const workspaces = await api.workspaces();
  const everyone = workspaces.flatMap((workspace) => workspace.users).filter(isActivePerson);
  const personId = everyone.some((user) => user.id === person) ? person : everyone[0]?.id;
  if (!personId) throw new api.Unreachable();
  const [apps, commands, shortcuts] = await Promise.all([api.apps(personId), api.commands(personId), api.shortcuts(personId)]);
  if (state.person !== person) return;
  directoryLoadedAt = Date.now();
  Object.assign(state, {
    person: personId,
    workspaces,
    apps,
    commands,
    shortcuts,
    directory: createDirectory(workspaces, apps, personId),
  });
  if (!state.directory.channels.has(state.channel)) enterChannel(defaultChannel(), { replace: true });
  composer.refreshCommands();
}

function defaultChannel() {
  const { channels } = state.directory;
  const remembered = lastChannel.get(state.person);
  if (channels.has(remembered)) return remembered;
  const all = [...channels.values()];
  const start = all.find((channel) => channel.isMain || channel.name === "general") ?? all[0];
  return start?.id ?? null;
}

async function loadScreen() {
  if (!state.channel) return;
  const ownTurn = turn;
  try {
    const screen = await api.screen(state.person, state.channel, state.thread);
    if (ownTurn === turn) showScreen(screen);
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    // The person may have lost access to the channel. Load the directory with the next poll.
    directoryLoadedAt = 0;
    if (ownTurn === turn) showProblem(error.message);
  }
}

async function refresh() {
  if (!hasStarted) {
    await loadDirectory();
    state.since = (await api.openPage()).since;
    hasStarted = true;
    savePerson(state.person);
    render();
  }
  if (Date.now() - directoryLoadedAt > DIRECTORY_INTERVAL) {
    const before = state.directory.signature;
    await loadDirectory();
    if (state.directory.signature !== before) render();
  }
  await loadScreen();
}

// The answer to an action has the new screen.
async function perform(work) {
  const ownTurn = ++turn;
  const answer = await work();
  if (ownTurn === turn && answer?.screen) {
    turn += 1;
    showScreen(answer.screen);
  } else {
    poll.now();
  }
  return answer;
}

// People or apps changed: load the directory again.
async function changeWorkspace(work) {
  const answer = await work();
  await loadDirectory();
  render();
  poll.now();
  return answer;
}

// --- location ---

const currentLocation = () => ({ person: state.person, channel: state.channel, thread: state.thread, tab: state.tab });

function enterChannel(channelId, { thread = null, tab = null, replace = false } = {}) {
  turn += 1;
  Object.assign(state, { channel: channelId, thread, tab, screen: null, seenOnHome: null });
  lastChannel.set(state.person, channelId);
  messageList.clear();
  showProblem("");
  writeLocation(currentLocation(), { replace });
}

function openChannel(channelId) {
  if (channelId !== state.channel) {
    enterChannel(channelId);
    render();
    poll.now();
  }
  drawer.close();
  if (!drawer.isNarrow()) composer.focus();
}

function choosePerson(personId, place = {}) {
  if (personId === state.person) return;
  turn += 1;
  composer.forgetDrafts();
  thread.forgetDrafts();
  state.person = personId;
  savePerson(personId);
  Object.assign(state, { apps: [], commands: [], shortcuts: [] });
  state.directory = createDirectory(state.workspaces, [], personId);
  const channel = state.directory.channels.has(place.channel) ? place.channel : defaultChannel();
  enterChannel(channel, { ...place, replace: Boolean(place.channel) });
  render();
  directoryLoadedAt = 0;
  poll.now();
}

function chooseWorkspace(workspaceId) {
  const users = state.workspaces.find((workspace) => workspace.id === workspaceId).users.filter(isActivePerson);
  const first = users.find((user) => user.role === "OWNER") ?? users[0];
  if (first) choosePerson(first.id);
}

function openThread(rootId) {
  turn += 1;
  state.thread = rootId;
  writeLocation(currentLocation());
  render();
  poll.now();
}

function closeThread() {
  const opener = document.querySelector(`#messages [data-message-id="${CSS.escape(state.thread)}"] button`);
  turn += 1;
  state.thread = null;
  writeLocation(currentLocation());
  render();
  (opener ?? byId("messages")).focus();
}

function chooseTab(tab) {
  state.tab = tab;
  state.seenOnHome = null;
  writeLocation(currentLocation(), { replace: true });
  render();
  if (tab === "messages") messageList.toBottom();
}

// --- rendering ---

function showScreen(screen) {
  screen = {
    ...screen,
    ephemeral: newerThan(state.since, screen.ephemeral),
    modals: newerThan(state.since, screen.modals),
  };
  const shownChannel = screen.channel?.channel?.id ?? screen.channel?.id ?? state.channel;
  if (shownChannel !== state.channel) return;
  if (state.thread && !screen.thread) {
    // The answer to an action has no thread. Keep the open one until the next poll.
    screen = { ...screen, thread: state.screen?.thread };
    poll.now();
  }
  showProblem("");
  if (screen.spinning?.length) setTimeout(poll.now, SPINNER_INTERVAL);
  // An unchanged screen is not rendered: it saves work, and screen readers announce nothing.
  if (state.screen && JSON.stringify(screen) === JSON.stringify(state.screen)) return;
  state.screen = screen;
  render();
}

function showProblem(text) {
  if (byId("problem").textContent === text) return;
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
  if (text) byId("loading").hidden = true;
}

function renderHeader(channel) {
  const { directory } = state;
  const isDirect = directory.isDirect(channel);
  const mark = channel.channelType === "PRIVATE" ? "lock" : "hash";
  byId("channel-icon").replaceChildren(...(isDirect ? [] : [icon(mark)]));
  byId("channel-name").textContent = directory.channelName(channel);
  const count = (channel.users ?? []).length;
  byId("member-count").textContent = isDirect ? "" : tCount("members", count);
  const description =
    state.screen?.channel?.channel?.description ?? state.screen?.channel?.description ?? channel.description;
  byId("channel-description").textContent = description || "";
  document.title = `${directory.channelTitle(channel)} · ${directory.workspace.name} · ${t("title")}`;
}

function renderTabs(shownHome, entries) {
  const hasHome = Boolean(shownHome);
  const tab = hasHome && state.tab !== "messages" ? "home" : "messages";
  if (tab === "home") state.seenOnHome ??= new Set(entries.map(({ id }) => id));
  const unread = tab === "home" ? entries.filter(({ id }) => !state.seenOnHome.has(id)).length : 0;

  byId("tabs").hidden = !hasHome;
  for (const [id, key] of [
    ["tab-home", "home"],
    ["tab-messages", "messages"],
  ]) {
    byId(id).setAttribute("aria-selected", String(tab === key));
    byId(id).tabIndex = tab === key ? 0 : -1;
  }
  byId("tab-messages-count").textContent = unread || "";
  byId("tab-messages-count").hidden = unread === 0;
  byId("tab-messages").setAttribute("aria-label", unread ? t("messages_new", { count: unread }) : t("messages"));
  byId("home").hidden = tab !== "home";
  byId("conversation").hidden = tab === "home";
  if (hasHome) byId("conversation").setAttribute("role", "tabpanel");
  else byId("conversation").removeAttribute("role");
}

function renderMessages(channel, entries) {
  const { directory, screen } = state;
  const isInChannel = (message) => !rootOf(message) || message.threadReplyInfo.replySentToChannel === true;
  const roots = entries.filter(isInChannel);

  const title = directory.channelTitle(channel);
  byId("messages").setAttribute("aria-busy", String(!screen));
  byId("messages").setAttribute("aria-label", t("channel_conversation", { channel: title }));
  byId("loading").hidden = Boolean(screen);
  byId("channel-start").hidden = !screen;
  byId("channel-start-title").textContent = t(
    directory.isDirect(channel) ? "start_of_direct" : "start_of_channel",
    { channel: title },
  );
  byId("channel-start-note").hidden = roots.length > 0;
  messageList.show(roots, {
    directory,
    handlers: { ...actions, openThread },
    countReplies: (message) => message.threadRootInfo?.repliesCount ?? 0,
  });
}

function render() {
  const { directory, workspaces, screen } = state;
  if (!directory) return;
  const restoreFocus = saveFocus();
  sidebar.show(workspaces, directory, state.channel);
  appsDialog.refresh(directory);
  peopleDialog.refresh(directory);
  const channel = directory.channels.get(state.channel);
  if (!channel) return;

  const entries = timeline(screen);
  const shownHome = screen?.home?.blocks?.length ? screen.home : null;
  renderHeader(channel);
  renderTabs(shownHome, entries);
  renderMessages(channel, entries);
  home.show(shownHome, directory);
  modals.show(screen?.modals ?? [], directory);
  thread.show(screen, state.thread, directory, directory.channelTitle(channel));
  composer.enter(`${state.person} ${channel.id}`, t("message_channel", { channel: directory.channelTitle(channel) }));
  showSpinners(screen?.spinning ?? []);
  restoreFocus();
}

// --- components ---

const commands = () => state.commands;
const actions = createActions(state, perform, byId("waiting"));

const composer = createComposer(byId("composer"), {
  async send(text, files) {
    await actions.send(text, files);
    // The sender wants to see the message, wherever the list was scrolled to.
    messageList.toBottom();
  },
  commands,
  shortcuts: () => actions.globalShortcuts(null),
});
const messageList = createMessageList(byId("messages"), byId("message-list"), byId("jump"));
const thread = createThread(byId("thread"), {
  send: (text, files) => actions.send(text, files, state.thread),
  commands,
  shortcuts: () => actions.globalShortcuts(state.thread),
  handlers: actions,
  close: closeThread,
});
const home = createHome(byId("home"), actions);
const modals = createModals({
  ...actions,
  focusOutside: () => (byId("conversation").hidden ? byId("home").focus() : composer.focus()),
});
const appsDialog = createAppsDialog(byId("apps-dialog"), { openChannel, changeWorkspace });
const peopleDialog = createPeopleDialog(byId("people-dialog"), { choosePerson, changeWorkspace });
createInspector(byId("inspector"), byId("open-inspector"), { leaveDrawer });
const sidebar = createSidebar(byId("sidebar"), {
  openChannel,
  choosePerson,
  chooseWorkspace,
  openApps: () => leaveDrawer(() => appsDialog.open(state.directory)),
  openPeople: () => leaveDrawer(() => peopleDialog.open(state.directory)),
});
const drawer = createDrawer(
  byId("sidebar"),
  [byId("main"), byId("thread"), byId("inspector")],
  byId("open-menu"),
  byId("close-menu"),
  byId("scrim"),
);

// On a narrow screen the sidebar would cover what it opens.
function leaveDrawer(work) {
  drawer.close();
  work();
}

function wireTabs() {
  const tabs = [byId("tab-home"), byId("tab-messages")];
  tabs.forEach((node) => node.addEventListener("click", () => chooseTab(node.dataset.tab)));
  byId("tabs").addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = tabs.find((node) => node !== document.activeElement);
    chooseTab(other.dataset.tab);
    other.focus();
  });
}

function wireSkipLink() {
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    if (byId("conversation").hidden) chooseTab("messages");
    composer.focus();
  });
}

function wireLanguages() {
  const mark = () => {
    for (const node of document.querySelectorAll("[data-language]")) {
      node.setAttribute("aria-pressed", String(node.dataset.language === currentLanguage()));
    }
  };
  for (const node of document.querySelectorAll("[data-language]")) {
    node.addEventListener("click", () => {
      chooseLanguage(node.dataset.language);
      mark();
      render();
    });
  }
  mark();
}

function followUrl() {
  const place = readLocation();
  const isKnown = state.workspaces.some(({ users }) =>
    users.some((user) => user.id === place.person && isActivePerson(user)),
  );
  if (!state.directory || !isKnown) return;
  if (place.person !== state.person) {
    choosePerson(place.person, place);
    return;
  }
  if (place.channel !== state.channel) {
    enterChannel(place.channel, { ...place, replace: true });
  }
  turn += 1;
  Object.assign(state, { thread: place.thread, tab: place.tab });
  render();
  poll.now();
}

function start() {
  startLanguage();
  wireLanguages();
  wireTabs();
  wireSkipLink();
  addEventListener("popstate", followUrl);
  // A page from the browser's back-forward cache would still show ephemeral messages.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  const place = readLocation();
  state.person = place.person ?? savedPerson();
  Object.assign(state, { channel: place.channel, thread: place.thread, tab: place.tab });
  poll = startPolling(refresh, {
    onFailure: () => (byId("offline").hidden = false),
    onSuccess: () => (byId("offline").hidden = true),
  });
}

start();
