import { t } from "./i18n.js";

// People whom the page can switch to: not bots, and not deactivated or invited.
export const isActivePerson = (user) => !user.isBot && (user.status ?? "ACTIVATED") === "ACTIVATED";

// The people, channels and apps that one person can see.
export function createDirectory(workspaces, apps, personId) {
  const workspace = workspaces.find((candidate) => candidate.users.some((user) => user.id === personId));
  const users = new Map(workspace.users.map((user) => [user.id, user]));
  const person = users.get(personId);
  const isGuest = String(person.role).startsWith("GUEST");

  const isMember = (channel) => (channel.users ?? []).includes(personId);
  const isVisible = (channel) =>
    !channel.isArchived && (isMember(channel) || (channel.channelType === "PUBLIC" && !isGuest));
  const channels = new Map(workspace.channels.filter(isVisible).map((channel) => [channel.id, channel]));

  const isDirect = (channel) => ["DIRECT", "SELF"].includes(channel.channelType);
  const userName = (id) => users.get(id)?.name ?? null;

  // The bot of an app's direct channel: its only other member.
  function botOf(channel) {
    if (channel.channelType !== "DIRECT") return null;
    const others = (channel.users ?? []).filter((id) => id !== personId);
    const other = others.length === 1 ? users.get(others[0]) : null;
    return other?.isBot ? other : null;
  }

  const isBotOf = (bot, app) => (app.botId ? app.botId === bot.id : app.displayName === bot.name);

  function channelName(channel) {
    if (!isDirect(channel)) return channel.name ?? t("unknown_channel");
    if (channel.channelType === "SELF") return t("you_suffix", { name: person.name });
    const others = (channel.users ?? []).filter((id) => id !== personId);
    return (
      others.map((id) => userName(id) ?? t("unknown_person")).join(", ") || channel.name || t("unknown_channel")
    );
  }

  return {
    apps,
    workspace,
    person,
    users,
    channels,
    botOf,
    userName,
    channelName,
    isDirect,
    channelTitle: (channel) => (isDirect(channel) ? channelName(channel) : `#${channelName(channel)}`),
    isInstalled: (bot) => apps.some((app) => app.installed && isBotOf(bot, app)),
    appChannel: (app) =>
      [...channels.values()].find((channel) => botOf(channel) && isBotOf(botOf(channel), app)) ?? null,
    // An app may send a message as a person; then it is not the app's message.
    isApp: (message) => users.get(message.author)?.isBot ?? Boolean(message.authorAppId),
    signature: JSON.stringify([workspace, apps, personId]),
  };
}
