import { type ErrorForm } from '../../platform/http/error-form.js';

/** Words of HTTP: some clients print them beside the sentence. */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
const CODES: Readonly<Record<number, number>> = { 400: 102, 403: 106, 404: 101, 405: 103, 413: 107 };
const OTHER_CODE = 100;

/** Words errors as Atlas has them: `title` and `detail` are never absent, `errors` only where members are to blame. */
export const atlasErrors: ErrorForm = ({ status, title, detail, errors }) => {
  const error = {
    status,
    code: CODES[status] ?? OTHER_CODE,
    title: TITLES[status] ?? title,
    detail,
    ...(errors && {
      errors: errors.map(({ pointer, parameter, detail: message }) => ({
        source: pointer === undefined ? { parameter: parameter ?? '' } : { pointer },
        detail: message,
      })),
    }),
  };
  return { status, body: { error } };
};
