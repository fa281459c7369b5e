import type { AbortMultipartUploadCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';

/** S3's status for a request that deletes one thing; every store that we know sends it, too. */
const NO_CONTENT = 204;

/**
 * Reads whether the response to a deletion or an abort says that it is done. The SDK takes any 2xx for that, such as the
 * login page of a proxy. Call the result after the response: it is false for a success in another form than S3's, which
 * proves nothing.
 * @throws TransferFault `not_s3`, from `send`, for a success with a page, which S3 never sends
 */
export function readDone(command: DeleteObjectCommand | AbortMultipartUploadCommand): () => boolean {
  let isDone = false;
  // The added step reads the HTTP response, which has the same type for both commands.
  const stack = command.middlewareStack as DeleteObjectCommand['middlewareStack'];
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { statusCode, headers } = readFields(result.response);
      isDone = statusCode === NO_CONTENT;
      // The SDK reads other statuses itself, and a refusal says why in a page.
      const isSuccess = Number(statusCode) >= 200 && Number(statusCode) < 300;
      if (isSuccess && !isDone && hasPage(readFields(headers))) {
        throw new TransferFault(
          'not_s3',
          `S3 sends no page with status ${String(statusCode)} for a deletion or an abort`,
        );
      }
      return result;
    },
    { step: 'deserialize', name: 'readDone', priority: 'low' },
  );
  return () => isDone;
}

function hasPage(headers: Readonly<Record<string, unknown>>): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding, 'content-type': type = '' } = headers;
  // A body may also end with the connection, without a length.
  return coding !== undefined || Number(length) > 0 || /html/i.test(String(type));
}
