// What a person writes with a client that is generated from the description: send, read, see what was wrong.
import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

declare const process: { env: Record<"PORTAL" | "KEY", string> };

const client = createClient<paths>({ baseUrl: process.env.PORTAL, headers: { ApiKey: process.env.KEY } });

const sent = await client.POST("/sendMessage", {
  params: { header: { "Idempotency-Key": "from-typescript" } },
  body: { channel: "general", text: "from TypeScript" },
});
if (!sent.data) throw new Error(JSON.stringify(sent.error));
const { id, channelId } = sent.data;

const page = await client.GET("/listMessages", { params: { query: { channelId, limit: 1 } } });
if (!page.data) throw new Error(JSON.stringify(page.error));
const newest: components["schemas"]["Message"] | undefined = page.data.messages[0];
const replies: number | undefined = newest?.threadRootInfo?.repliesCount;
const more: boolean | null = page.data.hasMoreBefore;

// @ts-expect-error - the compiler says that the text is missing
const refused = await client.POST("/sendMessage", { body: { channel: "general" } });
if (!refused.error) throw new Error("taken without a text");
const why = "fields" in refused.error ? refused.error.fields : refused.error.reason;

console.log(JSON.stringify({ id, channelId, newest, replies, more, why }));
