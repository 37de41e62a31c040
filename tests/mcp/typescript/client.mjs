// List the tools of a server, make the calls in CALLS, print what came back.
const { URL: address, KEY, PACKAGE, MODE, CALLS } = process.env;

const isNew = PACKAGE === "client";
const { Client, StreamableHTTPClientTransport } = isNew
  ? await import("@modelcontextprotocol/client")
  : {
      ...(await import("@modelcontextprotocol/sdk/client/index.js")),
      ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
    };

const client = new Client(
  { name: "test", version: "1" },
  isNew && MODE !== "legacy" ? { versionNegotiation: { mode: MODE } } : {},
);
const transport = new StreamableHTTPClientTransport(new URL(address), {
  requestInit: { headers: { Authorization: `Bearer ${KEY}` } },
});
let version = null;
const setVersion = transport.setProtocolVersion?.bind(transport);
transport.setProtocolVersion = (agreed) => {
  version = agreed;
  setVersion?.(agreed);
};
await client.connect(transport);
const { tools } = await client.listTools();
const results = [];
for (const [name, args] of JSON.parse(CALLS)) {
  const result = await client.callTool({ name, arguments: args });
  results.push([result.content[0].text, Boolean(result.isError)]);
}
version = client.getNegotiatedProtocolVersion?.() ?? version;
console.log(JSON.stringify({ version, tools: tools.map((tool) => tool.name), results }));
await client.close();
