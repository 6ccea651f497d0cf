export * from './documents/document.js';
export * from './documents/dns.document.js';
export * from './documents/http.document.js';
export * from './documents/ntp.document.js';
export * from './documents/tls.document.js';
export * from './documents/write.js';
export * from './destinations.js';
export * from './failures.js';
