export * from './ntp.document.js';
export * from './ntp.params.js';
