/** What follows the path of a database in the names of its files: the write-ahead log, its index, and the database itself. */
export const SUFFIXES = ['-wal', '-shm', ''] as const;
