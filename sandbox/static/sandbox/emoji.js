// Common emoji names. Others are shown as :name:.
// prettier-ignore
const EMOJI = {
  "+1": "👍", "-1": "👎", "100": "💯", alarm_clock: "⏰", arrow_right: "➡️", ballot_box_with_check: "☑️",
  bell: "🔔", blue_heart: "💙", blush: "😊", boom: "💥", broken_heart: "💔", bug: "🐛", bulb: "💡", calendar: "📅",
  chart_with_upwards_trend: "📈", clap: "👏", clipboard: "📋", clock: "🕒", closed_lock_with_key: "🔐",
  coffee: "☕", computer: "💻", construction: "🚧", cry: "😢", eyes: "👀", fire: "🔥", gear: "⚙️", gift: "🎁",
  green_heart: "💚", grin: "😁", grinning: "😀", hammer: "🔨", heart: "❤️", heart_eyes: "😍",
  heavy_check_mark: "✔️", hourglass: "⌛", hugging_face: "🤗", information_source: "ℹ️", joy: "😂", key: "🔑",
  laughing: "😆", link: "🔗", lock: "🔒", mag: "🔍", memo: "📝", muscle: "💪", no_entry: "⛔", ok_hand: "👌",
  package: "📦", party: "🥳", partying_face: "🥳", pray: "🙏", question: "❓", raised_hands: "🙌",
  red_circle: "🔴", relaxed: "☺️", robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", see_no_evil: "🙈",
  shield: "🛡️", shrug: "🤷", slightly_smiling_face: "🙂", smile: "😄", smiley: "😃", sob: "😭", sparkles: "✨",
  star: "⭐", sunglasses: "😎", sunny: "☀️", sweat_smile: "😅", tada: "🎉", thinking_face: "🤔", thumbsdown: "👎",
  thumbsup: "👍", trophy: "🏆", unlock: "🔓", upside_down_face: "🙃", warning: "⚠️", wave: "👋",
  white_check_mark: "✅", wink: "😉", wrench: "🔧", x: "❌", zap: "⚡",
};

// The choices for reactions.
export const CHOICES = [
  "+1",
  "-1",
  "heart",
  "joy",
  "tada",
  "eyes",
  "rocket",
  "fire",
  "clap",
  "pray",
  "raised_hands",
  "white_check_mark",
  "x",
  "thinking_face",
  "cry",
  "100",
];

export function emoji(code) {
  const name = String(code).replace(/^:|:$/g, "");
  return Object.hasOwn(EMOJI, name) ? EMOJI[name] : `:${name}:`;
}
