'use strict';
/*
 * How V8 sizes its heap, for commands that go through many objects. Before any code is loaded, because V8 rejects code that was kept
 * under other flags; the flags are undocumented, and test/unit/bin/heap.test.ts checks that this Node knows them.
 */
const { getHeapSpaceStatistics, setFlagsFromString } = require('node:v8');

/* New objects keep their space while old ones are collected: up to 16 MB less. */
const ONE_PHASE = '--no-separate-gc-phases';

/*
 * A sweep parses many pages, of which only about 25 MB are alive. V8 lets the heap grow to several times that before it collects:
 * here by at most so many percent of what the last collection has left.
 */
const COLLECT_EARLY = ['--semi-space-growth-factor=1', ONE_PHASE, '--heap-growing-percent=10'];

/*
 * Transfers of small objects make 10 to 20 KB of garbage each. In the 1 MB that V8 begins with, collecting it takes a fifth of all CPU
 * time; left alone, new objects get up to 48 MB. Here they get twice 16 MB at once:
 * `get -r` of 30,000 x 4 KiB peaks at 165 MB, and takes a tenth less CPU time than with twice 8 MB.
 */
const ROOM_FACTOR = 16;
const ROOM_BYTES = 32 * 1024 * 1024;
const ROOM_TRIES = 500;

/* V8 lets 20 MB that are alive grow to 60 MB before it collects them, and keeps the pages. Here they get 80 % more: 40 MB less. */
const COLLECT_SOONER = '--heap-growing-percent=80';

/** @param words the command line */
function shapeHeap(words) {
  if (words[0] === 'sweep') COLLECT_EARLY.forEach((flag) => setFlagsFromString(flag));
  else if (isForMany(words)) {
    [ONE_PHASE, COLLECT_SOONER].forEach((flag) => setFlagsFromString(flag));
    makeRoom();
  }
}

function isForMany(words) {
  return words[0] === 'sweep' || words.includes('-r') || words.includes('--recursive');
}

/* V8 grows the space when more has survived in it than it can hold. */
function makeRoom() {
  setFlagsFromString(`--semi-space-growth-factor=${ROOM_FACTOR}`);
  const survivors = [];
  for (let tries = 0; tries < ROOM_TRIES && newSpaceBytes() < ROOM_BYTES; tries += 1) {
    for (let made = 0; made < 1000; made += 1) survivors.push([made]);
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

function newSpaceBytes() {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
}

module.exports = { COLLECT_EARLY, COLLECT_SOONER, ONE_PHASE, isForMany, shapeHeap };
