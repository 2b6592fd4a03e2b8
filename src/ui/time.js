// Times in the viewer's zone and language.

import { locale, t } from './i18n.js';
import { h } from './dom.js';
import { viewer } from './session.js';

function zone() {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: viewer.zone ?? undefined }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** Date and time, to the second. */
export function moment(text) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium', timeZone: zone() }).format(new Date(text));
}

/** What a clock in the viewer's zone shows then, as a form's control has it: `2026-11-29T02:44`. */
export function wall(text) {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone: zone() }).format(new Date(text)).replace(' ', 'T');
}

/** The moment at which a clock in the viewer's zone shows this; around a change of the clocks, the nearest that there is. */
export function momentOf(shown) {
  const there = Date.parse(`${shown}Z`);
  const ahead = (at) => Date.parse(`${wall(at)}Z`) - at;
  const near = there - ahead(there);
  return new Date(there - ahead(near)).toISOString();
}

/** The hour. */
export function hour(date) {
  return new Intl.DateTimeFormat(locale(), { hour: 'numeric', timeZone: zone() }).format(date);
}

const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60]];

/** How long ago, or how soon. */
export function distance(text) {
  const seconds = (new Date(text).getTime() - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return format.format(Math.trunc(seconds / size), unit);
}

/** A time that says how long ago it is, and exactly when on demand. */
export function when(text) {
  if (!text) return h('span', { class: 'soft' }, t('time.never'));
  return h('time', { datetime: text, title: moment(text) }, distance(text));
}

/** Milliseconds in words. */
export function span(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 3_600_000 ? `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s` : `${(ms / 3_600_000).toFixed(1)} h`;
}

// What says how long ago it is stays true while it is looked at.
setInterval(() => {
  document.querySelectorAll('time[datetime]').forEach((element) => {
    const text = distance(element.getAttribute('datetime'));
    if (element.textContent !== text) element.textContent = text;
  });
}, 10_000);
