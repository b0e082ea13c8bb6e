import { EncodingError } from './errors.js';
import { show } from './show.js';

/** What the text of a URL says. Escapes are decoded, except for those of the query. */
export interface UrlFields {
  /** User name, then `:` and password if there is one. Empty if there is no user name. */
  readonly userInfo: string;
  /** Host and port. Never empty. */
  readonly authority: string;
  /** Empty, or begins with a slash. */
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

export interface ParsedUrl extends UrlFields {
  /** What `formatUrl` returns, if that is known already. */
  readonly text?: string | undefined;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this looks for them
const CONTROL = /[\0-\x1f\x7f]/;
const BAD_ESCAPE = /%(?![0-9a-f]{2})/i;
const NOT_IN_USER_INFO = /[^\w\-.:~!$&'()*+,;=%@]/;
const NOT_IN_HOST = /[^\w\-.~!$&'()*+,;=:[\]%\u0080-\uffff]/;
/** A host may escape the percent sign, but no other character of ASCII. */
const BAD_HOST_ESCAPE = /%(?!25|[89a-f][0-9a-f])/i;
const PORT = /^(?::\d*)?$/;

/** Most URLs: a host name and a path, whose text is what `formatUrl` makes of them. */
const PLAIN = /^(acc:\/\/)?([\w\-.~]+)((?:\/[\w\-.~$&+=:@]+)*)$/;

/**
 * Reads the text of a URL by the rules of Go's net/url, which are laxer than those of `URL`. The scheme
 * is `acc` in any case, and is added if there is no scheme.
 * @throws EncodingError that says what is wrong.
 */
export function parseUrl(text: string): ParsedUrl {
  const plain = PLAIN.exec(text);
  if (plain !== null) {
    const [, scheme, authority = '', path = ''] = plain;
    const whole = scheme === undefined ? `acc://${text}` : text;
    return { userInfo: '', authority, path, query: '', fragment: '', text: whole };
  }
  const bad = (why: string) => new EncodingError(`bad URL ${show(text)}: ${why}`);
  const decode = (part: string, name: string) => {
    if (!part.includes('%')) return part;
    if (BAD_ESCAPE.test(part)) throw bad(`a bad escape in the ${name}`);
    try {
      return decodeURIComponent(part);
    } catch {
      throw bad(`the escapes of the ${name} are not UTF-8`);
    }
  };

  if (!text.isWellFormed()) throw bad('a lone surrogate');
  const [beforeFragment, fragment] = cut(text, '#');
  if (CONTROL.test(beforeFragment)) throw bad('a control character');
  const [beforeQuery, query] = cut(beforeFragment, '?');

  const scheme = SCHEME.exec(beforeQuery)?.[1];
  let rest = beforeQuery;
  if (scheme !== undefined) {
    if (scheme.toLowerCase() !== 'acc') throw bad(`the scheme is ${scheme}, not acc`);
    rest = beforeQuery.slice(scheme.length + 1);
    if (!rest.startsWith('//')) throw bad('no host');
    rest = rest.slice(2);
  }
  const slash = rest.indexOf('/');
  const site = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (scheme === undefined && site.includes(':')) throw bad('a colon, but no scheme');

  const at = site.lastIndexOf('@');
  const host = site.slice(at + 1);
  const login = site.slice(0, Math.max(at, 0));
  if (host === '' || host.startsWith(':')) throw bad('no host');
  if (NOT_IN_HOST.test(host)) throw bad('the host has a character that is not allowed');
  if (BAD_HOST_ESCAPE.test(host)) throw bad('a bad escape in the host');
  if (!PORT.test(portOf(host))) throw bad('the port is not a number');
  if (NOT_IN_USER_INFO.test(login)) throw bad('the user info has a character that is not allowed');

  const [user, password] = cut(login, ':');
  const userName = decode(user, 'user name');
  const secret = decode(password, 'password');
  return {
    userInfo: secret === '' ? userName : `${userName}:${secret}`,
    authority: decode(host, 'host'),
    path: decode(path, 'path'),
    query,
    fragment: decode(fragment, 'fragment'),
  };
}

/** Returns the text of a URL. Only the path is escaped. */
export function formatUrl({ userInfo, authority, path, query, fragment }: UrlFields): string {
  const user = userInfo === '' ? '' : `${userInfo}@`;
  const end = `${query === '' ? '' : `?${query}`}${fragment === '' ? '' : `#${fragment}`}`;
  return `acc://${user}${authority}${escapePath(tidyPath(path))}${end}`;
}

/** The path with one slash before it and none after it. Empty if there is nothing else. */
export function tidyPath(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start++;
  while (start < end && path[end - 1] === '/') end--;
  return start === end ? '' : `/${path.slice(start, end)}`;
}

/** Escapes all of a path but its slashes and what net/url leaves alone in a segment. */
function escapePath(path: string): string {
  return path.replace(/[^\w\-.~$&+=:@/]+/g, (run) =>
    // encodeURIComponent leaves these as they are, net/url does not.
    encodeURIComponent(run).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  );
}

/** Returns what is before and after the first `separator`. */
function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Returns the port of a host with its colon. Colons in brackets belong to the address. */
function portOf(host: string): string {
  // If the closing bracket is missing, the whole host is a bad port.
  if (host.startsWith('[')) return host.slice(host.lastIndexOf(']') + 1);
  const colon = host.lastIndexOf(':');
  return colon < 0 ? '' : host.slice(colon);
}
