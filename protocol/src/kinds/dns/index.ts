export * from './dns.document.js';
export * from './dns.params.js';
