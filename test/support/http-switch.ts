/**
 * Runs the tests of transfers with undici instead of our own reader: `BREAKWATER_TEST_HTTP=undici`. A test has an
 * environment of its own, so it is passed on here.
 */
export const HTTP_SWITCH: Readonly<Record<string, string>> =
  process.env['BREAKWATER_TEST_HTTP'] === undefined
    ? {}
    : { BREAKWATER_TEST_HTTP: process.env['BREAKWATER_TEST_HTTP'] };
