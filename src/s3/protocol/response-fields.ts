import { readFields } from '../../read-fields.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';

/**
 * Rejects a response without a field that S3 always sends, such as a proxy's page with status 200.
 * @throws TransferFault `not_s3`
 */
export function assertSentByS3(output: unknown, field: string): void {
  const value = readFields(output)[field];
  if (typeof value === 'string' && value !== '') return;
  throw new TransferFault('not_s3', `the response has no ${field}: it does not come from S3`);
}
