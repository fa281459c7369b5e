export * from '../duration.ts';
