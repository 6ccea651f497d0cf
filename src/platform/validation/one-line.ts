// eslint-disable-next-line no-control-regex -- they are what is refused
export const ONE_LINE = /^[^\u0000-\u001f\u007f]*$/;
export const NOT_ONE_LINE = { message: 'must not contain control characters' };
