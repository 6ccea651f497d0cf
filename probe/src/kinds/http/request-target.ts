/**
 * Path and query as the URL has them: the URL parser would make `/b` of `/a/%2e%2e/b`.
 * @param url one that isMeasurableUrl() takes
 */
export function requestTarget(url: string): string {
  const [, rest = ''] = /^https?:\/\/[^/?]+(.*)$/i.exec(url) ?? [];
  return rest.startsWith('/') ? rest : `/${rest}`;
}
