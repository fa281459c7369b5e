/** S3's limit on a key, in bytes of UTF-8 (S3 User Guide, "Naming Amazon S3 objects"). */
export const KEY_BYTES_MAX = 1024;

/** S3's limit on the keys of one DeleteObjects request (S3 API Reference, DeleteObjects). */
export const DELETE_BATCH_MAX = 1000;

/** S3's limit on the parts of one object (S3 User Guide, "Amazon S3 multipart upload limits"). */
export const PARTS_MAX = 10_000;
