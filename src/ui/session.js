// The viewer's token: out of the address at once, in memory alone, fresh before it ends.

import { ask, on } from './embedding.js';

/** A token is renewed when less than this is left of its thirty minutes. */
const AHEAD_MS = 5 * 60 * 1000;
/** The platform answers in about an eighth of a second. */
const ANSWER_MS = 5000;

let token = null;
let timer = null;
let renewing = null;
const waiting = new Set();

/** Who looks, by the claims; `theme` and `language` may also stand in the address. Nothing is decided by them but how the page looks. */
export const viewer = { user: null, role: null, theme: 'DEFAULT', language: 'EN', zone: null, expires: 0 };

function claims(text) {
  try {
    const part = text.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
  } catch {
    return {};
  }
}

function adopt(text, asked = {}) {
  token = text;
  const said = claims(text);
  viewer.user = said.user ?? null;
  viewer.role = said.workspaceRole ?? null;
  viewer.theme = String(said.theme ?? asked.theme ?? viewer.theme).toUpperCase();
  viewer.language = String(said.language ?? asked.language ?? viewer.language);
  viewer.zone = said.userTimeZone ?? said.userTimezone ?? said.timeZone ?? said.timezone ?? null;
  viewer.expires = Number(said.exp ?? 0) * 1000;
  clearTimeout(timer);
  if (viewer.expires) timer = setTimeout(renew, Math.max(1000, viewer.expires - Date.now() - AHEAD_MS));
}

/** Takes the token out of the address. `false`: there is none. */
export function begin() {
  const address = new URL(window.location.href);
  const given = address.searchParams.get('auth_token');
  const asked = { theme: address.searchParams.get('theme') ?? undefined, language: address.searchParams.get('language') ?? undefined };
  if (address.search) window.history.replaceState(null, '', address.pathname + address.hash);
  if (!given) {
    if (asked.theme) viewer.theme = asked.theme.toUpperCase();
    if (asked.language) viewer.language = asked.language;
    return false;
  }
  adopt(given, asked);
  return true;
}

on('refreshAddonToken', (body) => {
  if (typeof body !== 'string' || body.split('.').length !== 3) return;
  adopt(body);
  waiting.forEach((done) => done(true));
  waiting.clear();
});

/** Asks the platform for a fresh token; all who ask at a time share one question. `false`: it did not come. */
export function renew() {
  renewing ??= new Promise((resolve) => {
    waiting.add(resolve);
    setTimeout(() => { waiting.delete(resolve); resolve(false); }, ANSWER_MS);
    if (!ask('refreshAddonToken')) resolve(false);
  }).finally(() => { renewing = null; });
  return renewing;
}

/** The token to send. One that is about to end is renewed first: a timer may have slept with the machine. */
export async function bearer() {
  if (viewer.expires && viewer.expires - Date.now() < 15_000) await renew();
  return token;
}
