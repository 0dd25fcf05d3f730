// Prints the ARN that the credentials of the environment or of AWS_PROFILE
// speak for, as the AWS SDK for JavaScript finds them.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

try {
  const { Arn } = await new STSClient({ maxAttempts: 1 }).send(new GetCallerIdentityCommand({}));
  console.log(Arn);
} catch (e) {
  console.error(`${e.name}: ${e.message}`);
  process.exit(1);
}
