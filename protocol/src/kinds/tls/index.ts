export * from './tls.document.js';
export * from './tls.params.js';
