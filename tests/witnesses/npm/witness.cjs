// Decodes and encodes framed messages with a published client of the schema registry. A line of JSON for a line of JSON:
// {"registry", "decode": hex} or {"registry", "subject", "encode": value}.
const readline = require("node:readline");
const { SchemaRegistry } = require("@kafkajs/confluent-schema-registry");

async function answer({ registry, decode, subject, encode }) {
  const client = new SchemaRegistry({ host: registry });
  if (decode !== undefined) {
    return { value: await client.decode(Buffer.from(decode, "hex")) };
  }
  const id = await client.getLatestSchemaId(subject);
  return { data: (await client.encode(id, encode)).toString("hex") };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const found = await answer(JSON.parse(line)).catch((error) => ({ error: String(error) }));
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
}

main();
