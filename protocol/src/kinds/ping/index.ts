export * from './ping.params.js';
