/**
 * A time in ISO 8601, in UTC: `2026-11-28T18:43:52.419Z`.
 * @format date-time
 * @pattern Z$
 */
export type TimeText = string;

/**
 * A number of things.
 * @asType integer
 * @minimum 0
 */
export type Count = number;

/**
 * A size in bytes.
 * @asType integer
 * @minimum 0
 */
export type ByteCount = number;

/**
 * A duration in milliseconds.
 * @minimum 0
 */
export type Milliseconds = number;

/**
 * The status code of an HTTP response.
 * @asType integer
 * @minimum 100
 * @maximum 999
 */
export type HttpStatus = number;
