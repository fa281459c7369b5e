import { TransferFault } from '../../retry/transfer-fault.ts';
import { readFields } from './fields.ts';

/** A proxy's page can come with status 200; S3's own answer to a write always names this field. */
export function assertAnsweredByS3(output: unknown, field: string): void {
  const value = readFields(output)[field];
  if (typeof value === 'string' && value !== '') return;
  throw new TransferFault('not_s3', `the answer has no ${field}: it does not come from S3`);
}
