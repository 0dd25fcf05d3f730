// Makes one call to STS with the AWS SDK for JavaScript: standard input has
// {"command": "AssumeRole", "input": {…}, "endpoint": "http://…"}, standard
// output gets {"output": {…}} or {"error": {"code", "message"}}. Region and
// credentials come from the environment, by the SDK's own chain.
import * as sts from "@aws-sdk/client-sts";
import { text } from "node:stream/consumers";

const { command, input, endpoint } = JSON.parse(await text(process.stdin));
const client = new sts.STSClient({ endpoint, maxAttempts: 1 });
let result;
try {
  const { $metadata, ...output } = await client.send(new sts[`${command}Command`](input));
  result = { output };
} catch (e) {
  result = { error: { code: e.name, message: e.message } };
}
process.stdout.write(JSON.stringify(result));
