export * from './mtr.document.js';
export * from './mtr.params.js';
