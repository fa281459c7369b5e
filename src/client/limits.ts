/** S3's limit of keys in one DeleteObjects request (API reference, DeleteObjects). */
export const DELETE_BATCH_MAX = 1000;
