// Talks to the server through @clickhouse/client and prints what it saw as one JSON object.
// Environment: CONTRACT_URL, CONTRACT_PASSWORD, CONTRACT_BI_PASSWORD; NODE_PATH has the client.
const { createClient } = require("@clickhouse/client");

const connect = (username, password, options = {}) =>
  createClient({ url: process.env.CONTRACT_URL, username, password, ...options });

const codeOf = async (promise) => {
  try {
    await promise;
    return null;
  } catch (error) {
    return error.code ?? error.message;
  }
};

async function main() {
  const setten = connect("setten", process.env.CONTRACT_PASSWORD, { compression: { response: true, request: true } });
  const bi = connect("bi", process.env.CONTRACT_BI_PASSWORD);
  const seen = {};
  seen.ping = (await setten.ping()).success;
  seen.pingSelect = (await bi.ping({ select: true })).success;
  await setten.command({ query: "CREATE DATABASE IF NOT EXISTS setten" });
  await setten.command({ query: "CREATE OR REPLACE TABLE setten.js (a Int64, s String) ENGINE = MergeTree ORDER BY a" });
  const values = Array.from({ length: 20000 }, (_, a) => ({ a, s: `行 ${a}` }));
  const inserted = await setten.insert({ table: "setten.js", values, format: "JSONEachRow" });
  seen.written = inserted.summary?.written_rows;
  const rows = await bi.query({ query: "SELECT * FROM setten.js ORDER BY a", format: "JSONEachRow" });
  seen.streamed = 0;
  for await (const batch of rows.stream()) {
    for (const row of batch) {
      row.json();
      seen.streamed += 1;
    }
  }
  const bound = await bi.query({
    query: "SELECT {s:String} AS s, {l:Array(String)} AS l, {n:UInt64} AS n",
    query_params: { s: "it's\t「接点」", l: ["a'b", "c\\d"], n: 7 },
    format: "JSONEachRow",
  });
  seen.bound = await bound.json();
  const json = await setten.query({ query: "SELECT count() AS n FROM setten.js", format: "JSON" });
  seen.json = (await json.json()).data;
  seen.unknownTable = await codeOf(setten.query({ query: "SELECT * FROM nowhere" }));
  seen.biInsert = await codeOf(bi.insert({ table: "setten.js", values: [{ a: 1, s: "x" }], format: "JSONEachRow" }));
  seen.biDrop = await codeOf(bi.command({ query: "DROP TABLE setten.js" }));
  const wrong = connect("setten", "wrong");
  seen.wrongPassword = await codeOf(wrong.query({ query: "SELECT 1" }));
  seen.midStream = await codeOf(
    (async () => {
      const result = await bi.query({
        query: "SELECT throwIf(number = 3000000, 'broke') AS x FROM numbers(5000000)",
        format: "JSONEachRow",
      });
      for await (const batch of result.stream()) void batch;
    })(),
  );
  await Promise.all([setten.close(), bi.close(), wrong.close()]);
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
