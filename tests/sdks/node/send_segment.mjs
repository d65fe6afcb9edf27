// A session of a site's server, told with @segment/analytics-node. In the environment: COLLECTOR and WRITE_KEY.
import { readFileSync } from "node:fs";
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: process.env.WRITE_KEY, host: process.env.COLLECTOR });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});
for (const { type, name, event, timestamp, ...call } of JSON.parse(readFileSync(0, "utf8"))) {
  analytics[type]({ ...call, ...(name && { name }), ...(event && { event }), timestamp: new Date(timestamp) });
}
await analytics.flush();
