import { createActing } from "./actions.js";
import * as api from "./api.js";
import { createAppsDialog } from "./apps.js";
import { createComposer } from "./composer.js";
import { createDirectory, isPlayable } from "./directory.js";
import { icon, rememberFocus } from "./dom.js";
import { createHome } from "./home.js";
import { createInspector } from "./inspector.js";
import { readPlace, rememberedPerson, rememberPerson, writePlace } from "./location.js";
import { createMessageList, rootOf, timeline } from "./messages.js";
import { createModals } from "./modals.js";
import { createPeopleDialog } from "./people.js";
import { startPolling } from "./polling.js";
import { createDrawer, createSidebar } from "./sidebar.js";
import { showSpinning } from "./spinners.js";
import { chooseLanguage, currentLanguage, say, sayCount, startLanguage } from "./strings.js";
import { createThread } from "./thread.js";
import { youngerThan } from "./values.js";

const DIRECTORY_EVERY = 6000;
// While something spins, its end is looked for more often.
const SPINNING_EVERY = 400;

const find = (id) => document.getElementById(id);

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
  // When this page was opened, as an id: what only lasts until a reload and is older than that stays away.
  since: "",
  // What stood in an app's conversation when its Home tab was opened; anything later counts as new there.
  seenOnHome: null,
};
// Every change of place or screen takes a number, so that a late answer cannot overwrite what came after its question.
let turn = 0;
let directoryTakenAt = 0;
let poll = null;
let hasStarted = false;
const lastChannel = new Map();

// --- what is asked of the server ---

async function takeDirectory() {
  const person = state.person;
  const workspaces = await api.workspaces();
  const everyone = workspaces.flatMap((workspace) => workspace.users).filter(isPlayable);
  const known = everyone.some((user) => user.id === person) ? person : everyone[0]?.id;
  if (!known) throw new api.Unreachable();
  const [apps, commands, shortcuts] = await Promise.all([api.apps(known), api.commands(known), api.shortcuts(known)]);
  if (state.person !== person) return;
  directoryTakenAt = Date.now();
  Object.assign(state, {
    person: known,
    workspaces,
    apps,
    commands,
    shortcuts,
    directory: createDirectory(workspaces, apps, known),
  });
  if (!state.directory.channels.has(state.channel)) enterChannel(startChannel(), { replace: true });
  composer.refreshCommands();
}

function startChannel() {
  const { channels } = state.directory;
  const remembered = lastChannel.get(state.person);
  if (channels.has(remembered)) return remembered;
  const all = [...channels.values()];
  const start = all.find((channel) => channel.isMain || channel.name === "general") ?? all[0];
  return start?.id ?? null;
}

async function takeScreen() {
  if (!state.channel) return;
  const mine = turn;
  try {
    const screen = await api.screen(state.person, state.channel, state.thread);
    if (mine === turn) showScreen(screen);
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    // The channel may just have been closed to this person; the next look at the directory tells.
    directoryTakenAt = 0;
    if (mine === turn) showProblem(error.message);
  }
}

async function look() {
  if (!hasStarted) {
    await takeDirectory();
    state.since = (await api.arrival()).since;
    hasStarted = true;
    rememberPerson(state.person);
    render();
  }
  if (Date.now() - directoryTakenAt > DIRECTORY_EVERY) {
    const before = state.directory.signature;
    await takeDirectory();
    if (state.directory.signature !== before) render();
  }
  await takeScreen();
}

// An act answers with the screen that follows from it.
async function perform(work) {
  const mine = ++turn;
  const answer = await work();
  if (mine === turn && answer?.screen) {
    turn += 1;
    showScreen(answer.screen);
  } else {
    poll.now();
  }
  return answer;
}

// Who is here and what is installed changed; what is shown of it is taken anew.
async function changeWorld(work) {
  const answer = await work();
  await takeDirectory();
  render();
  poll.now();
  return answer;
}

// --- where one is ---

const currentPlace = () => ({ person: state.person, channel: state.channel, thread: state.thread, tab: state.tab });

function enterChannel(channelId, { thread = null, tab = null, replace = false } = {}) {
  turn += 1;
  Object.assign(state, { channel: channelId, thread, tab, screen: null, seenOnHome: null });
  lastChannel.set(state.person, channelId);
  messageList.clear();
  showProblem("");
  writePlace(currentPlace(), { replace });
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
  rememberPerson(personId);
  Object.assign(state, { apps: [], commands: [], shortcuts: [] });
  state.directory = createDirectory(state.workspaces, [], personId);
  const channel = state.directory.channels.has(place.channel) ? place.channel : startChannel();
  enterChannel(channel, { ...place, replace: Boolean(place.channel) });
  render();
  directoryTakenAt = 0;
  poll.now();
}

function chooseWorkspace(workspaceId) {
  const users = state.workspaces.find((workspace) => workspace.id === workspaceId).users.filter(isPlayable);
  const first = users.find((user) => user.role === "OWNER") ?? users[0];
  if (first) choosePerson(first.id);
}

function openThread(rootId) {
  turn += 1;
  state.thread = rootId;
  writePlace(currentPlace());
  render();
  poll.now();
}

function closeThread() {
  const opener = document.querySelector(`#messages [data-message-id="${CSS.escape(state.thread)}"] button`);
  turn += 1;
  state.thread = null;
  writePlace(currentPlace());
  render();
  (opener ?? find("messages")).focus();
}

function chooseTab(tab) {
  state.tab = tab;
  state.seenOnHome = null;
  writePlace(currentPlace(), { replace: true });
  render();
  if (tab === "messages") messageList.toBottom();
}

// --- what is seen ---

function showScreen(screen) {
  screen = {
    ...screen,
    ephemeral: youngerThan(state.since, screen.ephemeral),
    modals: youngerThan(state.since, screen.modals),
  };
  const shownChannel = screen.channel?.channel?.id ?? screen.channel?.id ?? state.channel;
  if (shownChannel !== state.channel) return;
  if (state.thread && !screen.thread) {
    // The answer to an act knows no thread; what is open stays until the next look.
    screen = { ...screen, thread: state.screen?.thread };
    poll.now();
  }
  showProblem("");
  if (screen.spinning?.length) setTimeout(poll.now, SPINNING_EVERY);
  // An unchanged page is left alone: no work, and nothing for a screen reader to notice.
  if (state.screen && JSON.stringify(screen) === JSON.stringify(state.screen)) return;
  state.screen = screen;
  render();
}

function showProblem(text) {
  if (find("problem").textContent === text) return;
  find("problem").textContent = text;
  find("problem").hidden = !text;
  if (text) find("loading").hidden = true;
}

function renderHeader(channel) {
  const { directory } = state;
  const isTalk = directory.isPrivateTalk(channel);
  find("channel-icon").replaceChildren(...(isTalk ? [] : [icon(channel.channelType === "PRIVATE" ? "lock" : "hash")]));
  find("channel-name").textContent = directory.channelName(channel);
  const count = (channel.users ?? []).length;
  find("member-count").textContent = isTalk ? "" : sayCount("members", count);
  const description =
    state.screen?.channel?.channel?.description ?? state.screen?.channel?.description ?? channel.description;
  find("channel-description").textContent = description || "";
  document.title = `${directory.channelTitle(channel)} · ${directory.workspace.name} · ${say("title")}`;
}

function renderTabs(shownHome, entries) {
  const hasHome = Boolean(shownHome);
  const tab = hasHome && state.tab !== "messages" ? "home" : "messages";
  if (tab === "home") state.seenOnHome ??= new Set(entries.map(({ id }) => id));
  const fresh = tab === "home" ? entries.filter(({ id }) => !state.seenOnHome.has(id)).length : 0;

  find("tabs").hidden = !hasHome;
  for (const [id, key] of [
    ["tab-home", "home"],
    ["tab-messages", "messages"],
  ]) {
    find(id).setAttribute("aria-selected", String(tab === key));
    find(id).tabIndex = tab === key ? 0 : -1;
  }
  find("tab-messages-count").textContent = fresh || "";
  find("tab-messages-count").hidden = fresh === 0;
  find("tab-messages").setAttribute("aria-label", fresh ? say("messages_new", { count: fresh }) : say("messages"));
  find("home").hidden = tab !== "home";
  find("conversation").hidden = tab === "home";
  if (hasHome) find("conversation").setAttribute("role", "tabpanel");
  else find("conversation").removeAttribute("role");
}

function renderMessages(channel, entries) {
  const { directory, screen } = state;
  const standsInChannel = (message) => !rootOf(message) || message.threadReplyInfo.replySentToChannel === true;
  const roots = entries.filter(standsInChannel);

  const title = directory.channelTitle(channel);
  find("messages").setAttribute("aria-busy", String(!screen));
  find("messages").setAttribute("aria-label", say("channel_conversation", { channel: title }));
  find("loading").hidden = Boolean(screen);
  find("channel-start").hidden = !screen;
  find("channel-start-title").textContent = say(
    directory.isPrivateTalk(channel) ? "start_of_direct" : "start_of_channel",
    { channel: title },
  );
  find("channel-start-note").hidden = roots.length > 0;
  messageList.show(roots, {
    directory,
    handlers: { ...acting, openThread },
    countReplies: (message) => message.threadRootInfo?.repliesCount ?? 0,
  });
}

function render() {
  const { directory, workspaces, screen } = state;
  if (!directory) return;
  const restoreFocus = rememberFocus();
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
  composer.enter(`${state.person} ${channel.id}`, say("message_channel", { channel: directory.channelTitle(channel) }));
  showSpinning(screen?.spinning ?? []);
  restoreFocus();
}

// --- the parts ---

const commands = () => state.commands;
const acting = createActing(state, perform, find("waiting"));

const composer = createComposer(find("composer"), {
  async send(text) {
    await acting.send(text);
    // Whoever speaks wants to see it, wherever they had scrolled to.
    messageList.toBottom();
  },
  commands,
  shortcuts: () => acting.globalShortcuts(null),
});
const messageList = createMessageList(find("messages"), find("message-list"), find("jump"));
const thread = createThread(find("thread"), {
  send: (text) => acting.send(text, state.thread),
  commands,
  shortcuts: () => acting.globalShortcuts(state.thread),
  handlers: acting,
  close: closeThread,
});
const home = createHome(find("home"), acting);
const modals = createModals({
  ...acting,
  focusOutside: () => (find("conversation").hidden ? find("home").focus() : composer.focus()),
});
const appsDialog = createAppsDialog(find("apps-dialog"), { openChannel, changeWorld });
const peopleDialog = createPeopleDialog(find("people-dialog"), { choosePerson, changeWorld });
createInspector(find("inspector"), find("open-inspector"), { leaveDrawer });
const sidebar = createSidebar(find("sidebar"), {
  openChannel,
  choosePerson,
  chooseWorkspace,
  openApps: () => leaveDrawer(() => appsDialog.open(state.directory)),
  openPeople: () => leaveDrawer(() => peopleDialog.open(state.directory)),
});
const drawer = createDrawer(
  find("sidebar"),
  [find("main"), find("thread"), find("inspector")],
  find("open-menu"),
  find("close-menu"),
  find("scrim"),
);

// On a narrow screen the sidebar would stand before what it opens.
function leaveDrawer(work) {
  drawer.close();
  work();
}

function wireTabs() {
  const tabs = [find("tab-home"), find("tab-messages")];
  tabs.forEach((node) => node.addEventListener("click", () => chooseTab(node.dataset.tab)));
  find("tabs").addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = tabs.find((node) => node !== document.activeElement);
    chooseTab(other.dataset.tab);
    other.focus();
  });
}

function wireSkipLink() {
  find("skip").addEventListener("click", (event) => {
    event.preventDefault();
    if (find("conversation").hidden) chooseTab("messages");
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

function followAddress() {
  const place = readPlace();
  const isKnown = state.workspaces.some(({ users }) =>
    users.some((user) => user.id === place.person && isPlayable(user)),
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
  addEventListener("popstate", followAddress);
  // A page that comes back from the browser's memory would still show what only lasts until a reload.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  const place = readPlace();
  state.person = place.person ?? rememberedPerson();
  Object.assign(state, { channel: place.channel, thread: place.thread, tab: place.tab });
  poll = startPolling(look, {
    onFailure: () => (find("offline").hidden = false),
    onSuccess: () => (find("offline").hidden = true),
  });
}

start();
