export * from './params.js';
export * from './violations.js';

// a line for each kind
export * from './dns/index.js';
export * from './http/index.js';
export * from './mtr/index.js';
export * from './ntp/index.js';
export * from './ping/index.js';
export * from './tls/index.js';
export * from './traceroute/index.js';
