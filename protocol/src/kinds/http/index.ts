export * from './http.document.js';
export * from './http.params.js';
export { isMeasurableUrl } from './url.js';
