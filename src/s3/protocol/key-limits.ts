/** S3's limit of a key, in UTF-8 bytes (user guide, "Naming Amazon S3 objects"). */
export const KEY_BYTES_MAX = 1024;
