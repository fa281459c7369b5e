/** S3's limit of keys in one DeleteObjects request (API reference, DeleteObjects). */
export const DELETE_BATCH_MAX = 1000;

/** The most parts that an object can have (S3 User Guide, "Amazon S3 multipart upload limits"). */
export const PARTS_MAX = 10_000;
