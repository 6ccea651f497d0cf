export * from './traceroute.params.js';
