// Calls to the add-on, and what their refusals mean. The base is where this module came from, whatever prefix a proxy adds.

import { bearer, renew } from './session.js';

const BASE = new URL('../../../', import.meta.url);
const TRIES_MAX = 3;

/** A refusal: the stable code, words for people, and faults field by field. */
export class Refusal extends Error {
  constructor(status, error = {}) {
    super(error.message ?? '');
    this.status = status;
    this.code = error.code ?? 'unknown';
    this.details = error.details ?? [];
    this.request = error.request_id ?? null;
  }

  /** Faults by field; none if the details are something else. */
  get fields() {
    return Array.isArray(this.details) ? this.details : [];
  }
}

/** The address of a route, with a query of what is given in it. */
export function address(path, query = {}) {
  const url = new URL(path.replace(/^\//, ''), BASE);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') url.searchParams.append(name, one);
    }
  }
  return url;
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** An answer as it came. A refused token is renewed once; what only reads is tried again when the service says so. */
export async function send(method, path, { query, body, signal, accept = 'application/json', version } = {}) {
  let renewed = false;
  for (let tries = 1; ; tries += 1) {
    const headers = { 'X-Addon-Token': (await bearer()) ?? '', Accept: accept };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (version !== undefined) headers['If-Match'] = `"${version}"`;
    let answer;
    try {
      const sent = body === undefined ? undefined : JSON.stringify(body);
      answer = await fetch(address(path, query), { method, headers, body: sent, signal, cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer' });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      if (method === 'GET' && tries < TRIES_MAX) { await pause(400 * tries); continue; }
      throw new Refusal(0, { code: 'unreachable' });
    }
    if (answer.status === 401 && !renewed) {
      renewed = true;
      if (await renew()) continue;
    }
    if (answer.status === 503 && method === 'GET' && tries < TRIES_MAX) {
      await pause(1000 * Math.min(5, Number(answer.headers.get('Retry-After')) || 1));
      continue;
    }
    if (answer.ok) return answer;
    const text = await answer.text();
    let said = {};
    try { said = JSON.parse(text).error ?? {}; } catch { /* A proxy in between may answer with a page of its own. */ }
    throw new Refusal(answer.status, said);
  }
}

async function json(method, path, options) {
  const answer = await send(method, path, options);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

export const get = (path, query, signal) => json('GET', path, { query, signal });
export const post = (path, body, query) => json('POST', path, { body, query });
/** `version` is the one that is replaced; another one in its place is refused. */
export const put = (path, body, version) => json('PUT', path, { body, version });
export const patch = (path, body) => json('PATCH', path, { body });
export const remove = (path) => json('DELETE', path);
