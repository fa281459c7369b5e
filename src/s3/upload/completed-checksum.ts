import type { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { readFields, type UnknownFields } from '../../read-fields.ts';
import type { ChecksumChoice } from '../checksum/algorithms.ts';
import { readStatedWhole } from '../checksum/upload-checksum.ts';
import { contradictsParts, type SummedPart } from '../checksum/whole-checksum.ts';
import { wrongObjectFault } from './wrong-object.ts';

/**
 * Checks the checksum that a store states for an object in parts, in the document of its response and in the headers.
 * @param stated both, with the SDK's names of the fields
 * @throws TransferFault if it is not that of the parts sent
 */
export async function assertWholeSent(
  algorithm: ChecksumChoice,
  { stated, parts }: { readonly stated: readonly object[]; readonly parts: readonly SummedPart[] },
): Promise<void> {
  if (algorithm === 'none') return;
  for (const fields of stated) {
    const whole = readStatedWhole(algorithm, fields);
    if (whole === null || !(await contradictsParts(algorithm, whole, parts))) continue;
    throw wrongObjectFault({ algorithm, stated: String(whole.text), computed: null });
  }
}

/**
 * Keeps the checksums in the headers of each response to this command, which the SDK reads from the document alone.
 * @returns those of the last response, with the SDK's names of the fields
 */
export function keepHeaderSums(command: CompleteMultipartUploadCommand): () => UnknownFields {
  let headers: UnknownFields = {};
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      headers = readFields(readFields(result.response)['headers']);
      return result;
    },
    { step: 'deserialize', name: 'keepHeaderSums', priority: 'low' },
  );
  return () => ({
    ChecksumCRC32: headers['x-amz-checksum-crc32'],
    ChecksumCRC32C: headers['x-amz-checksum-crc32c'],
    ChecksumCRC64NVME: headers['x-amz-checksum-crc64nvme'],
    ChecksumSHA256: headers['x-amz-checksum-sha256'],
    ChecksumType: headers['x-amz-checksum-type'],
  });
}
